"""Operations: health, measurements, the slow log, the settings in effect."""
import re

import support

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
SAMPLE = re.compile(
    rf'({NAME})(?:\{{((?:{NAME}="(?:[^"\\\n]|\\[\\"n])*",?)*)\}})? (\S+)')
LABEL = re.compile(rf'({NAME})="((?:[^"\\]|\\.)*)"')
SUFFIXES = {"histogram": ("_bucket", "_sum", "_count"), "counter": ("",), "gauge": ("",)}


class Exposition:
    """Prometheus text, read line by line; raises where a line is not right."""

    def __init__(self, text):
        self.types, self.helps, self.samples = {}, {}, {}
        family = None
        if not text.endswith("\n"):
            raise AssertionError("the last line has no end")
        for line in text.splitlines():
            if line.startswith("# HELP "):
                family, help_text = line[7:].split(" ", 1)
                self._once(self.helps, family, help_text)
            elif line.startswith("# TYPE "):
                name, kind = line[7:].split(" ")
                if name != family or kind not in SUFFIXES:
                    raise AssertionError(line)
                self._once(self.types, family, kind)
            else:
                self._sample(family, line)

    @staticmethod
    def _once(table, name, value):
        if name in table or not value:
            raise AssertionError(f"{name} is declared twice, or as nothing")
        table[name] = value

    def _sample(self, family, line):
        match = SAMPLE.fullmatch(line)
        if not match or match[1] not in [family + s for s in SUFFIXES[self.types[family]]]:
            raise AssertionError(f"not a sample of {family}: {line}")
        labels = tuple(sorted(LABEL.findall(match[2] or "")))
        self._once_sample((match[1], labels), float(match[3]))

    def _once_sample(self, key, value):
        if key in self.samples:
            raise AssertionError(f"{key} is there twice")
        self.samples[key] = value

    def value(self, name, **labels):
        return self.samples[(name, tuple(sorted(labels.items())))]


class Health(support.Case):
    def test_it_says_that_it_is_well(self):
        for path in ("/healthz", "/readyz"):
            self.assertEqual(self.client.get(path).status, 200)

    def test_the_status_page_is_html(self):
        answer = self.client.get("/")
        self.assertEqual(answer.status, 200)
        self.assertTrue(answer.headers["Content-Type"].startswith("text/html"))
        self.assertIn(b"cairn", answer.body)

    def test_the_settings_in_effect_are_told(self):
        config = self.client.get("/v1/config").json()
        self.assertEqual(config["metrics"]["slow_ms"], 0)
        self.assertEqual(config["storage"]["segment_bytes"], 1 << 20)
        self.assertIn("uring", config["io"])


class Metrics(support.Case):
    def read(self):
        answer = self.client.get("/metrics")
        self.assertEqual(answer.status, 200)
        self.assertTrue(answer.headers["Content-Type"].startswith("text/plain; version=0.0.4"))
        return Exposition(answer.body.decode())

    def test_every_line_is_prometheus_text(self):
        self.post("something to count")
        read = self.read()
        for name, kind in (("cairn_request_duration_seconds", "histogram"),
                           ("cairn_stage_duration_seconds", "histogram"),
                           ("cairn_ingest_events_total", "counter"),
                           ("cairn_ledger_commit_duration_seconds", "histogram"),
                           ("cairn_ledger_bytes_total", "counter"), ("cairn_ledger_seq", "gauge"),
                           ("cairn_projection_lag_events", "gauge"),
                           ("cairn_mailbox_depth", "gauge"),
                           ("cairn_actor_messages_total", "counter"),
                           ("cairn_actor_restarts_total", "counter"),
                           ("cairn_worker_steals_total", "counter"),
                           ("cairn_worker_parks_total", "counter")):
            self.assertEqual(read.types[name], kind)
        for name, kind in read.types.items():
            self.assertEqual(name.endswith("_total"), kind == "counter", name)
            self.assertIn(name, read.helps)

    def test_histograms_add_up(self):
        self.post("something to count")
        read = self.read()
        for (name, labels), count in read.samples.items():
            if not name.endswith("_count"):
                continue
            family = name[:-len("_count")]
            buckets = [(float(dict(key)["le"]), value)
                       for (sample, key), value in read.samples.items()
                       if sample == family + "_bucket"
                       and tuple(pair for pair in key if pair[0] != "le") == labels]
            buckets.sort()
            counts = [value for _, value in buckets]
            self.assertEqual(counts, sorted(counts), (name, labels))
            self.assertEqual(buckets[-1], (float("inf"), count))
            self.assertGreaterEqual(read.samples[(family + "_sum", labels)], 0)

    def test_counters_count(self):
        def events():
            return self.read().value("cairn_ingest_events_total", kind="message")
        before = events()
        self.post("one", "two", "three")
        support.wait_until(lambda: events() == before + 3, "three messages to be counted")
        self.assertEqual(self.read().value("cairn_ledger_seq"), self.service.seq())

    def test_openmetrics_is_given_to_those_who_ask(self):
        answer = self.client.get("/metrics", Accept="application/openmetrics-text; version=1.0.0")
        self.assertTrue(answer.headers["Content-Type"].startswith("application/openmetrics-text"))
        self.assertTrue(answer.body.endswith(b"# EOF\n"))


class Stats(support.Case):
    def test_the_same_for_people(self):
        seq = self.post("x")["last_seq"]
        self.client.get(self.path(f"?min_seq={seq}"))
        stats = self.client.get("/v1/stats").json()
        self.assertEqual(stats["seq"], seq)
        self.assertEqual(set(stats["projections"]), {"training", "patterns", "retrieval", "facts"})
        self.assertGreater(stats["requests"], 0)
        self.assertGreaterEqual(stats["uptime_ms"], 0)

    def test_projections_catch_up(self):
        seq = self.post(*(f"text {i}" for i in range(500)))["last_seq"]

        def caught_up():
            projections = self.client.get("/v1/stats").json()["projections"].values()
            return all(p["applied_seq"] == seq and p["lag_events"] == 0 for p in projections)
        support.wait_until(caught_up, "the projections to apply everything")


class Time(support.Case):
    STAGE = re.compile(r"([a-z]+);dur=(\d+\.\d{3})")

    def slow(self, request_id):
        """The slow log's entry of one request; here every request is slow enough for it."""
        def find():
            items = self.client.get("/v1/slow").json()["items"]
            return next((item for item in items if item["request_id"] == request_id), None)
        return support.wait_until(find, f"request {request_id} in the slow log")

    def test_every_answer_names_its_stages(self):
        seq = self.post("x")["last_seq"]
        for answer, stages in (
                (self.client.post(self.path("/messages"),
                                  {"channel": "c", "author": "a", "text": "t"}), {"ingest", "disk"}),
                (self.client.post(self.path("/search"), {"query": "x", "min_seq": seq}),
                 {"retrieval"}),
                (self.client.get("/nowhere"), {"parse"})):
            found = self.STAGE.findall(answer.headers["Server-Timing"])
            self.assertEqual(answer.headers["Server-Timing"],
                             ", ".join(f"{name};dur={ms}" for name, ms in found))
            self.assertLessEqual(stages, {name for name, _ in found})

    def test_stages_and_the_rest_are_the_whole(self):
        for i in range(20):
            self.client.post(self.path("/messages"), {"channel": "c", "author": "a", "text": "t"},
                             **{"X-Request-Id": f"{self.space}-{i}"})
        shares = []
        for i in range(20):
            entry = self.slow(f"{self.space}-{i}")
            stages = entry["stages_ms"]
            self.assertAlmostEqual(sum(stages.values()), entry["ms"], delta=0.001)
            self.assertEqual((entry["space"], entry["status"]), (self.space, 200))
            self.assertGreater(entry["body_bytes"], 0)
            shares.append(stages["unattributed"] / entry["ms"])
        self.assertLess(sorted(shares)[len(shares) // 2], 0.02, shares)

    def test_the_slow_log_tells_the_newest_first_and_has_an_end(self):
        names = [f"{self.space}-{i}" for i in range(150)]
        for name in names:
            self.client.get("/nowhere", **{"X-Request-Id": name})
        self.slow(names[-1])
        answer = self.client.get("/v1/slow").json()
        self.assertLessEqual(len(answer["items"]), 128)
        self.assertGreaterEqual(answer["seen"], 150)
        found = [item["request_id"] for item in answer["items"] if item["request_id"] in names]
        self.assertEqual(found, names[::-1][:len(found)])
        self.assertGreater(len(found), 100)


if __name__ == "__main__":
    support.unittest.main()
