"""What was acknowledged is there, once, after every end the process can come to; and the state is a
function of the ledger, whatever the switches."""
import os
import random
import re
import shutil
import signal
import threading
import unittest

import support
import workload

SEED = int(os.environ.get("CAIRN_SEED") or random.randrange(1 << 32))
KILLS = int(os.environ.get("CAIRN_KILLS") or 10)


def switches_off():
    """Every boolean setting, turned off."""
    printed = support.run("serve", "--print-config")
    assert printed.returncode == 0, printed.stderr
    section, off = "", []
    for line in printed.stdout.splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif re.fullmatch(r"[a-z_]+ = (true|false)", line):
            off.append(f"{section}.{line.split(' = ')[0]}=false")
    return off


def sets(settings):
    return [argument for setting in settings for argument in ("--set", setting)]


class Digest(support.Case):
    @classmethod
    def setUpClass(cls):
        print(f"seed {SEED} (CAIRN_SEED)", end=" ", flush=True)
        cls.own = support.Service()
        cls.addClassCleanup(cls.own.close)
        cls.last_seq = workload.run(cls.own, SEED)
        cls.expected = cls.own.digest()

    def copy(self):
        """The ledger alone, as it is on the disk now."""
        path = os.path.join(self.directory(), "data")
        os.makedirs(path)
        shutil.copytree(os.path.join(self.own.data, "ledger"), os.path.join(path, "ledger"))
        return path

    def test_it_is_made_of_something(self):
        self.assertEqual(set(self.expected), {"training", "patterns", "retrieval", "facts"})
        for name, value in self.expected.items():
            self.assertRegex(value, r"^[0-9a-f]{32}$", name)
            self.assertNotEqual(int(value, 16), 0, name)

    def test_it_is_the_same_after_every_kind_of_end(self):
        for kill in (True, False, True, True):
            self.own.restart(kill=kill)
            self.assertEqual(self.own.ready_seq, self.last_seq)
            self.assertEqual(self.own.digest(), self.expected)

    def test_a_replay_gives_it_with_any_number_of_workers(self):
        for workers in (1, 2, 4):
            document = support.replay(self.own.data, "--workers", workers)
            self.assertEqual(document["digest"], self.expected)
            self.assertEqual((document["seq"], document["events"]), (self.last_seq, self.last_seq))

    def test_a_replay_gives_it_with_every_switch_off(self):
        off = switches_off()
        self.assertIn("io.uring=false", off)
        self.assertIn("training.alias_tables=false", off)
        self.assertEqual(support.replay(self.own.data, *sets(off))["digest"], self.expected)
        for switch in off:
            if switch.split(".")[0] in ("io", "concurrency", "ledger", "training"):
                document = support.replay(self.own.data, "--set", switch)
                self.assertEqual(document["digest"], self.expected, switch)

    def test_other_amounts_give_it_too(self):
        for settings in (["concurrency.shards=1"], ["concurrency.shards=5"],
                         ["concurrency.turn_messages=1", "concurrency.turn_us=1"],
                         ["storage.turso_compression=none"]):
            document = support.replay(self.own.data, *sets(settings))
            self.assertEqual(document["digest"], self.expected, settings)

    def test_a_service_with_every_switch_off_gives_it_and_writes_the_same_state(self):
        plain = support.Service(switches_off(), data=self.copy())
        self.addCleanup(plain.close)
        self.assertEqual(plain.client.get("/v1/digest").json()["seq"], self.last_seq)
        self.assertEqual(plain.digest(), self.expected)
        workload.run(plain, SEED + 1, rounds=2, batch=20)
        written = plain.digest()
        self.assertNotEqual(written, self.expected)
        plain.restart(kill=True, settings=[])  # all on again
        self.assertEqual(plain.digest(), written)
        self.assertEqual(support.replay(plain.data, *sets(switches_off()))["digest"], written)

    def test_checkpoints_are_caches(self):
        self.own.restart()
        with_checkpoint = self.own.digest()
        self.own.kill()
        shutil.rmtree(os.path.join(self.own.data, "checkpoints"))
        self.own.start()
        self.assertEqual(self.own.digest(), with_checkpoint)
        self.own.stop()
        files = [os.path.join(folder, name) for folder, _, names in
                 os.walk(os.path.join(self.own.data, "checkpoints")) for name in names]
        self.assertTrue(files)
        for path in files:
            with open(path, "r+b") as file:
                file.seek(os.path.getsize(path) // 2)
                file.write(b"\xde\xad\xbe\xef" * 4)
        self.own.start()
        self.assertEqual(self.own.digest(), with_checkpoint)

    def test_any_one_event_changes_it(self):
        service = support.Service(data=self.copy())
        self.addCleanup(service.close)
        digest = service.digest()
        self.assertEqual(digest, self.expected)
        service.post_texts("beta", "one more message of words")
        changed = service.digest()
        self.assertNotEqual(changed["training"], digest["training"])
        self.assertNotEqual(changed["retrieval"], digest["retrieval"])
        self.assertEqual(changed["facts"], digest["facts"])
        service.client.put("/v1/spaces/beta/facts/subject-0/key-0", {"value": "new"})
        self.assertNotEqual(service.digest()["facts"], digest["facts"])


class Writer(threading.Thread):
    """A client that writes until its service is gone, and remembers what was acknowledged."""

    def __init__(self, service, name, first):
        super().__init__(daemon=True)
        self.client = service.connect()
        self.prefix = name
        self.next = first
        self.acknowledged = {}  # id: sequence
        self.failure = None

    def run(self):
        try:
            while True:
                self.write_one()
        except (OSError, support.http.client.HTTPException):
            pass  # the service is gone, which is what this is about
        except Exception as error:  # pylint: disable=broad-except
            self.failure = error
        finally:
            self.client.close()

    def write_one(self):
        count = 1 + self.next % 3
        ids = [f"{self.prefix}-{self.next + i}" for i in range(count)]
        ack = "buffered" if self.next % 4 == 0 else "durable"
        answer = self.client.post(f"/v1/spaces/s/messages?ack={ack}", [
            {"id": key, "channel": "c", "author": self.prefix, "text": f"text of {key}", "ts": 5}
            for key in ids])
        if answer.status == 503:
            return  # stopping: nothing of it is stored
        if answer.status != 200:
            raise AssertionError(answer)
        document = answer.json()
        if document["accepted"] + document["duplicates"] != count:
            raise AssertionError(answer)
        # A body whose beginning was stored before is numbered in two pieces.
        if document["duplicates"] == 0:
            for i, key in enumerate(ids):
                self.acknowledged[key] = document["first_seq"] + i
        else:
            for key in ids:
                self.acknowledged.setdefault(key, None)
        self.next += count


class Ends(support.Case):
    WRITERS = 3

    def setUp(self):
        super().setUp()
        self.rng = random.Random(SEED)
        self.own = self.own_service()
        self.acknowledged = {}
        self.stored = {}  # id: sequence, as listed
        self.next = [0] * self.WRITERS

    def write_until(self, enough):
        writers = [Writer(self.own, f"w{i}", self.next[i]) for i in range(self.WRITERS)]
        for writer in writers:
            writer.start()
        support.wait_until(
            lambda: sum(len(w.acknowledged) for w in writers) >= enough
            or any(w.failure for w in writers), "acknowledgements")
        return writers

    def gather(self, writers):
        for i, writer in enumerate(writers):
            writer.join(support.DEADLINE_S)
            self.assertFalse(writer.is_alive())
            self.assertIsNone(writer.failure)
            self.acknowledged.update(writer.acknowledged)
            self.next[i] = writer.next  # what was not acknowledged is sent again

    def check(self):
        """Read what is new in the ledger: it has all that was acknowledged, and nothing twice."""
        cursor = max(self.stored.values(), default=0)
        while True:
            answer = self.own.client.get(f"/v1/spaces/s/messages?limit=1000&cursor={cursor}")
            items = answer.json()["items"]
            for item in items:
                self.assertNotIn(item["id"], self.stored, f"stored twice (seed {SEED})")
                self.assertEqual(item["text"], f"text of {item['id']}")
                self.stored[item["id"]] = item["seq"]
            if not items:
                break
            cursor = items[-1]["seq"]
        self.assertEqual(sorted(self.stored.values()), list(range(1, self.own.seq() + 1)))
        for key, seq in self.acknowledged.items():
            self.assertIn(key, self.stored, f"acknowledged and lost (seed {SEED})")
            self.assertIn(seq, (None, self.stored[key]))

    def test_a_kill_loses_nothing_acknowledged_and_doubles_nothing(self):
        for _ in range(KILLS):
            writers = self.write_until(self.rng.randint(10, 150))
            self.own.kill()
            self.gather(writers)
            self.own.start()
            self.check()
        self.assertGreater(len(self.stored), 10 * KILLS)
        self.assertEqual(support.replay(self.own.data)["digest"], self.own.digest())

    def test_a_stop_under_load_is_clean_and_loses_nothing(self):
        for name in (signal.SIGTERM, signal.SIGINT, signal.SIGTERM):
            writers = self.write_until(self.rng.randint(10, 300))
            self.assertEqual(self.own.stop(name), support.DONE)
            self.gather(writers)
            self.assertEqual(support.run("verify", "--deep", self.own.data).returncode, 0)
            self.own.start()
            self.check()


class OneAtATime(support.Case):
    def test_a_second_process_is_refused_and_the_first_undisturbed(self):
        service = self.own_service()
        service.post_texts("s", "before")
        done = support.run("serve", "--data", service.data, "--listen", "127.0.0.1:0",
                           *sets(support.SMALL))
        self.assertEqual(done.returncode, support.LOCKED, done.stderr)
        self.assertIn(service.data, done.stderr)
        self.assertEqual(done.stdout, "")
        self.assertEqual(service.post_texts("s", "after")["first_seq"], 2)
        self.assertEqual(support.run("verify", service.data).returncode, 0)

    def test_a_port_in_use_is_told(self):
        service = self.own_service()
        done = support.run("serve", "--data", os.path.join(self.directory(), "data"),
                           "--listen", f"127.0.0.1:{service.port}", *sets(support.SMALL))
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(str(service.port), done.stderr)

    def test_a_directory_that_cannot_be_is_told(self):
        home = self.directory()
        file = os.path.join(home, "file")
        with open(file, "w", encoding="utf-8"):
            pass
        places = [file, os.path.join(home, "no", "such", "parent"), os.path.join(file, "below"),
                  "/proc/cairn-data"]
        if os.geteuid() != 0:
            os.chmod(home, 0o500)
            places.append(os.path.join(home, "data"))
        for place in places:
            done = support.run("serve", "--data", place, "--listen", "127.0.0.1:0")
            self.assertEqual(done.returncode, support.IO, (place, done.stderr))
            self.assertIn(place, done.stderr)
            self.assertIn("--data", done.stderr)


class Damage(support.Case):
    """Bytes on the disk that are not what was written."""

    def setUp(self):
        super().setUp()
        # No seal comes after the last block, so that it is the tail.
        self.own = self.own_service("ledger.seal_idle_ms=60000")
        for i in range(20):
            self.own.post_texts("s", f"message number {i}")
        self.segment = os.path.join(self.own.data, "ledger", "0", "00000000000000000001.seg")

    def sectors(self):
        """Which 4 KiB sectors of the segment hold anything."""
        with open(self.segment, "rb") as file:
            return [i for i, sector in enumerate(iter(lambda: file.read(4096), b""))
                    if any(sector)]

    def overwrite(self, offset, data):
        with open(self.segment, "r+b") as file:
            file.seek(offset)
            file.write(data)

    def flip(self, offset):
        with open(self.segment, "rb") as file:
            file.seek(offset)
            byte = file.read(1)[0]
        self.overwrite(offset, bytes([byte ^ 0x40]))

    def refused(self):
        done = support.run(*["serve", "--data", self.own.data, "--listen", "127.0.0.1:0"])
        self.assertEqual(done.returncode, support.FAULT, done.stderr)
        self.assertIn("verify", done.stderr)
        self.assertEqual(done.stdout, "")

    def test_a_flipped_byte_is_found_named_and_never_served(self):
        self.own.stop()
        sectors = self.sectors()
        with open(self.segment, "rb") as file:
            whole = file.read()
        for sector in (sectors[3], sectors[len(sectors) // 2]):
            for place in (5, 40, 130):
                offset = sector * 4096 + place
                self.flip(offset)
                done = support.run("verify", self.own.data)
                self.assertEqual(done.returncode, support.FAULT, (offset, done.stdout))
                self.assertIn(os.path.basename(self.segment), done.stdout + done.stderr)
                document = support.json.loads(support.run("verify", "--json", self.own.data).stdout)
                fault = document["faults"][0]
                self.assertEqual(fault["offset"], sector * 4096, document)
                self.assertGreater(fault["seq"], 0)
                self.refused()
                done = support.run("replay", self.own.data)
                self.assertEqual(done.returncode, support.FAULT, done.stderr)
                self.assertIn("verify", done.stderr)
                with open(self.segment, "rb") as file:
                    damaged = file.read()
                self.assertEqual(sum(a != b for a, b in zip(whole, damaged)), 1, "it was changed")
                self.flip(offset)
        self.own.start()
        self.assertEqual(self.own.seq(), 20)

    def test_a_torn_tail_is_cut_and_told(self):
        for garble in (lambda size: b"\0" * size, random.Random(SEED).randbytes):
            before = self.own.seq()
            self.own.post_texts("s", "the last of all")
            self.own.kill()
            last = self.sectors()[-1]
            self.overwrite(last * 4096 + 512, garble(4096 - 512))
            self.overwrite(last * 4096 + 100, garble(20))
            done = support.run("verify", self.own.data)
            self.assertEqual(done.returncode, support.DONE, done.stdout + done.stderr)
            self.assertIn("torn", done.stdout)
            self.assertEqual(support.replay(self.own.data)["seq"], before)
            self.own.start()
            self.assertEqual(self.own.ready_seq, before)
            self.assertIn("ledger_torn_tail", self.own.stderr())
            self.assertEqual(self.own.post_texts("s", "goes on")["first_seq"], before + 1)
            self.own.restart(kill=True)
            self.assertEqual(self.own.seq(), before + 1)
            self.assertEqual(support.run("verify", "--deep", self.own.data).returncode, 0)

    def test_a_half_written_block_is_cut_and_loses_nothing(self):
        self.own.kill()
        sectors = self.sectors()
        with open(self.segment, "rb") as file:
            file.seek(sectors[-1] * 4096)
            block = file.read(4096)
        self.overwrite((sectors[-1] + 1) * 4096, block[:300] + random.Random(SEED).randbytes(200))
        self.own.start()
        self.assertEqual(self.own.ready_seq, 20)
        self.assertIn("ledger_torn_tail", self.own.stderr())
        self.assertEqual(len(self.own.search("s", "message", k=100)), 20)

    def test_a_missing_segment_is_told(self):
        for i in range(100):  # two segments and more, which no compression makes small
            self.own.post_texts("s", random.Random(i).randbytes(10000).hex())
        self.own.stop()
        folder = os.path.dirname(self.segment)
        segments = sorted(name for name in os.listdir(folder) if name.endswith(".seg"))
        self.assertGreater(len(segments), 2)
        os.rename(os.path.join(folder, segments[1]), os.path.join(self.own.home, "away"))
        self.assertEqual(support.run("verify", self.own.data).returncode, support.FAULT)
        self.refused()
        os.rename(os.path.join(self.own.home, "away"), os.path.join(folder, segments[1]))
        self.own.start()


class Settings(support.Case):
    def write(self, path, text):
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def test_a_bad_file_is_told_with_line_and_column(self):
        path = os.path.join(self.directory(), "settings.toml")
        for text, where, what in (
                ('[server]\nlisten = 5\n', "2:10", "string"),
                ('[io]\n\n  urng = true\n', "3:3", 'did you mean "uring"'),
                ('[sever]\n', "1:2", "did you mean [server]"),
                ('[io]\nuring = yes\n', "2:9", ""),
                ('[metrics]\nslow_ms = -1\n', "2:11", "between 0 and 3600000"),
                ('[io]\nuring = true\nuring = true\n', "3:1", "")):
            self.write(path, text)
            for arguments in (["--check-config"], ["--data", os.path.join(self.space, "never")]):
                done = support.run("serve", "--config", path, *arguments)
                self.assertEqual(done.returncode, support.SETTINGS, (text, done.stderr))
                self.assertIn(f"{path}:{where}", done.stderr)
                self.assertIn(what, done.stderr)

    def test_a_good_file_is_good_and_the_shipped_one_too(self):
        shipped = support.ROOT / "performance-config.toml"
        done = support.run("serve", "--check-config", "--config", shipped)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_the_file_of_the_plan_loads_as_it_is(self):
        path = support.data_path("plan-002-performance-config.toml")
        self.assertEqual(support.run("serve", "--check-config", "--config", path).returncode, 0)

    def test_set_stands_over_the_environment_over_the_file_over_defaults(self):
        path = os.path.join(self.directory(), "settings.toml")
        self.write(path, "[metrics]\nslow_ms = 11\nslow_log_entries = 12\n[training]\nstate_size = 3\n")
        done = support.run("serve", "--print-config", "--config", path,
                           "--set", "metrics.slow_log_entries=33",
                           env={"CAIRN_METRICS__SLOW_LOG_ENTRIES": "22", "CAIRN_METRICS__SLOW_MS": "21"})
        for line in ("slow_ms = 21", "slow_log_entries = 33", "state_size = 3", "k1 = 1.2"):
            self.assertIn("\n" + line + "\n", done.stdout)
        self.write(path, done.stdout)
        again = support.run("serve", "--print-config", "--config", path)
        self.assertEqual(again.stdout, done.stdout)

    def test_sighup_takes_what_can_change_and_keeps_the_old_on_an_error(self):
        path = os.path.join(self.directory(), "settings.toml")
        self.write(path, '[server]\nlog_level = "info"\n')
        service = self.own_service(arguments=["--config", path])

        def reload(text, sign):
            self.write(path, text)
            said = len(service.stderr())
            service.process.send_signal(signal.SIGHUP)
            return support.wait_until(
                lambda: [line for line in service.stderr()[said:].splitlines() if sign in line],
                f"the line {sign} after SIGHUP")
        lines = reload('[server]\nlog_level = "debug"\n', "key=log_level")
        self.assertIn("now", lines[0])
        lines = reload('[server]\nlog_level = "debug"\n[metrics]\nslow_ms = 77\n', "key=slow_ms")
        self.assertIn("restart", lines[0])
        reload('[server]\nlog_levl = "debug"\n', "settings_kept")
        self.assertIn(f"{path}:2:1", service.stderr())
        self.assertEqual(service.client.get("/healthz").status, 200)


if __name__ == "__main__":
    unittest.main()
