"""The other commands: on a directory at rest, and on one that a running service has open."""
import json
import os
import re

import support
from support import DONE, FAULT, IO, LOCKED, USAGE, run


class Usage(support.Case):
    COMMANDS = ("serve", "replay", "verify", "dump", "stat", "digest", "import", "search", "generate")

    def test_the_version(self):
        for arguments in (["version"], ["--version"]):
            done = run(*arguments)
            self.assertEqual(done.returncode, DONE)
            self.assertRegex(done.stdout, r"^cairn \d+\.\d+\.\d+\n$")

    def test_help_fits_a_screen_and_ends_with_two_examples(self):
        for arguments in [["--help"], ["help"]] + [[name, "--help"] for name in self.COMMANDS] + \
                [["help", name] for name in self.COMMANDS]:
            done = run(*arguments)
            self.assertEqual((done.returncode, done.stderr), (DONE, ""), arguments)
            lines = done.stdout.rstrip("\n").split("\n")
            self.assertLessEqual(len(lines), 40, arguments)
            self.assertTrue(all(len(line) <= 100 for line in lines), arguments)
            examples = lines[lines.index("examples:") + 1:]
            self.assertGreaterEqual(len(examples), 2, arguments)

    def test_help_names_every_command(self):
        told = run("help").stdout
        for name in self.COMMANDS:
            self.assertIn(f"\n  {name} ", told)

    def test_an_unknown_command_gets_the_nearest(self):
        for wrong, right in (("serv", "serve"), ("verfy", "verify"), ("dmup", "dump")):
            done = run(wrong)
            self.assertEqual(done.returncode, USAGE)
            self.assertIn(f'did you mean "{right}"', done.stderr)
        self.assertEqual(run("frobnicate").returncode, USAGE)

    def test_a_wrong_option_gets_the_nearest(self):
        for arguments in (["serve", "--lisen", "x"], ["dump", ".", "--spaec", "x"],
                          ["replay", ".", "--jsn"], ["import", "-", "--spac", "x"]):
            done = run(*arguments)
            self.assertEqual(done.returncode, USAGE, arguments)
            self.assertIn("did you mean", done.stderr)

    def test_missing_and_surplus_arguments_are_wrong_usage(self):
        for arguments in (["verify"], ["dump"], ["replay"], ["digest"], ["stat"], ["verify", "a", "b"],
                          ["import"], ["import", "file"], ["search", "words"], ["generate"],
                          ["dump", "a", "--limit"], ["dump", "a", "--limit", "x"],
                          ["dump", "a", "--since", "yesterday"], ["replay", "a", "--workers", "x"],
                          ["import", "f", "--space", "s", "--format", "papyrus"]):
            done = run(*arguments)
            self.assertEqual(done.returncode, USAGE, (arguments, done.stderr))
            self.assertNotEqual(done.stderr, "")

    def test_a_directory_without_a_ledger_is_told(self):
        place = self.directory()
        for name in ("verify", "dump", "stat", "replay", "digest"):
            done = run(name, place)
            self.assertEqual(done.returncode, IO, name)
            self.assertIn(place, done.stderr)
            self.assertEqual(os.listdir(place), [])

    def test_a_service_that_is_not_there_is_told(self):
        for arguments in (["digest", "http://127.0.0.1:1"],
                          ["search", "x", "--space", "s", "--url", "http://127.0.0.1:1"],
                          ["import", __file__, "--space", "s", "--to", "http://127.0.0.1:1"]):
            done = run(*arguments)
            self.assertEqual(done.returncode, IO, (arguments, done.stderr))
            self.assertIn("127.0.0.1:1", done.stderr)


class Reading(support.Case):
    """Every tool on a ledger that is in use, which goes on undisturbed."""

    @classmethod
    def setUpClass(cls):
        cls.own = support.Service()
        cls.addClassCleanup(cls.own.close)
        cls.own.post_messages("one", *({"text": f"message {i}", "ts": 1000 * i, "author": f"a{i % 2}"}
                                       for i in range(1, 11)))
        cls.own.client.put("/v1/spaces/two/facts/bob/k", {"value": 1, "ts": 20000})
        cls.own.client.post("/v1/spaces/two/events", {"kind": "note", "content": "n", "ts": 21000})
        cls.own.client.delete("/v1/spaces/one/messages/3")

    def read(self, *arguments, status=DONE):
        done = run(*arguments)
        self.assertEqual(done.returncode, status, (arguments, done.stderr))
        return done.stdout

    def dump(self, *arguments):
        return [json.loads(line) for line in self.read("dump", self.own.data, *arguments).splitlines()]

    def seqs(self, *arguments):
        return [event["seq"] for event in self.dump(*arguments)]

    def test_verify_finds_nothing(self):
        for arguments in ([], ["--deep"]):
            told = self.read("verify", self.own.data, *arguments)
            self.assertRegex(told, r"faults +0\n")
            document = json.loads(self.read("verify", self.own.data, "--json", *arguments))
            self.assertEqual((document["ok"], document["faults"], document["events"]), (True, [], 13))

    def test_stat_counts(self):
        document = json.loads(self.read("stat", self.own.data, "--json"))
        self.assertEqual((document["events"], document["live_events"]), (13, 12))
        self.assertEqual(document["by_kind"], {"message": 9, "fact": 1, "forget": 1, "custom": 1})
        self.assertEqual(document["spaces"], {"one": 10, "two": 2})
        self.assertGreater(document["stored_bytes"], 0)
        self.assertIn("message", self.read("stat", self.own.data))

    def test_dump_prints_what_the_service_tells(self):
        for space in ("one", "two"):
            told = self.own.client.get(f"/v1/spaces/{space}/events?limit=1000").lines()
            self.assertEqual(self.dump("--space", space), told)

    def test_dump_leaves_out_what_was_forgotten(self):
        self.assertNotIn(3, self.seqs())
        self.assertNotIn("message 3", self.read("dump", self.own.data))

    def test_dump_selects(self):
        self.assertEqual(self.seqs("--kind", "message", "--limit", "3"), [1, 2, 4])
        self.assertEqual(self.seqs("--kind", "note"), [12])
        self.assertEqual(self.seqs("--space", "two"), [11, 12])
        self.assertEqual(self.seqs("--space", "none"), [])
        self.assertEqual(self.seqs("--since", "9", "--until", "11"), [10, 11])
        self.assertEqual(self.seqs("--since", "@8000", "--until", "@10000"), [8, 9])
        self.assertEqual(self.seqs("--since", "1970-01-01T00:00:08Z", "--until",
                                   "1970-01-01T00:00:10Z"), [8, 9])
        self.assertEqual(self.seqs("--since", "12", "--kind", "forget"), [13])

    def test_the_digest_is_the_service_s_own(self):
        expected = self.own.client.get("/v1/digest").json()
        self.assertEqual(json.loads(self.read("digest", self.own.data)), expected)
        self.assertEqual(json.loads(self.read("digest", self.own.url)), expected)
        document = json.loads(self.read("replay", self.own.data, "--json"))
        self.assertEqual((document["seq"], document["events"]), (13, 13))
        self.assertEqual(document["digest"], support.digest_of(expected))
        self.assertIn(expected["training"], self.read("replay", self.own.data))

    def test_a_part_may_be_replayed(self):
        whole = json.loads(self.read("replay", self.own.data, "--json"))
        part = json.loads(self.read("replay", self.own.data, "--json", "--to", "5"))
        self.assertEqual((part["seq"], part["events"]), (5, 5))
        self.assertNotEqual(part["digest"], whole["digest"])

    def test_json_is_one_document_and_stderr_is_quiet(self):
        for arguments in (["verify", "--json"], ["stat", "--json"], ["replay", "--json"]):
            done = run(arguments[0], self.own.data, *arguments[1:])
            self.assertEqual(done.stderr, "")
            self.assertIsInstance(json.loads(done.stdout), dict)
            self.assertEqual(done.stdout.count("\n"), 1)

    def test_reading_disturbs_nobody(self):
        before = self.own.seq()
        self.test_verify_finds_nothing()
        self.assertEqual(self.own.client.get("/healthz").status, 200)
        self.assertEqual(self.own.seq(), before)

    def test_search_and_generate_ask_the_service(self):
        told = self.read("search", "message 7", "--space", "one", "--url", self.own.url, "--k", "2")
        self.assertIn("message 7", told.splitlines()[0])
        document = json.loads(self.read("search", "message", "--space", "one", "--url", self.own.url,
                                        "--author", "a1", "--json"))
        self.assertEqual({hit["author"] for hit in document["hits"]}, {"a1"})
        done = run("generate", "--space", "one", "--url", self.own.url)
        self.assertEqual(done.returncode, FAULT)
        self.assertIn("422", done.stderr)

        self.post("alpha beta common middle gamma", "delta zeta common middle eta")
        document = json.loads(self.read("generate", "--space", self.space, "--url", self.service.url,
                                        "--seed", "7", "--json"))
        self.assertIn("common middle", document["text"])


class Importing(support.Case):
    def file(self, name, content):
        path = os.path.join(self.directory(), name)
        with open(path, "wb") as file:
            file.write(content)
        return path

    def load(self, *arguments, stdin=None, status=DONE, to=True):
        target = ["--to", self.service.url] if to else []
        done = run("import", *arguments, "--space", self.space, *target, "--json", stdin=stdin)
        self.assertEqual(done.returncode, status, done.stderr)
        return json.loads(done.stdout), done.stderr

    def texts(self):
        items = self.client.get(self.path("/messages?limit=1000")).json()["items"]
        return [item["text"] for item in items]

    def test_lines_of_messages(self):
        lines = [{"channel": "c", "author": "a", "text": f"line {i}", "id": f"id-{i}"}
                 for i in range(2500)]
        path = self.file("chat.jsonl", support.ndjson(lines))
        result, _ = self.load(path)
        self.assertEqual((result["lines"], result["accepted"], result["rejected"]), (2500, 2500, 0))
        self.assertEqual(self.texts(), [f"line {i}" for i in range(1000)])
        result, _ = self.load(path)
        self.assertEqual((result["accepted"], result["duplicates"]), (0, 2500))

    def test_standard_input_and_a_last_line_without_end(self):
        result, _ = self.load("-", stdin=b'{"channel":"c","author":"a","text":"one"}\n'
                                         b'{"channel":"c","author":"a","text":"two"}')
        self.assertEqual(result["accepted"], 2)
        self.assertEqual(self.texts(), ["one", "two"])

    def test_bad_lines_are_told_with_file_and_line_and_the_rest_is_in(self):
        lines = [b'{"channel":"c","author":"a","text":"good"}'] * 2200
        lines[4] = b"not json"
        lines[1999] = b'{"channel":"c","author":"a"}'
        path = self.file("bad.jsonl", b"\n".join(lines))
        result, told = self.load(path, status=FAULT)
        self.assertEqual((result["accepted"], result["rejected"]), (2198, 2))
        self.assertRegex(told, re.escape(f"{path}:5: "))
        self.assertRegex(told, re.escape(f"{path}:2000: "))

    def test_a_markov_discord_file(self):
        path = self.file("train.json", json.dumps([
            {"message": "first", "attachments": ["https://example.org/a.png"]},
            {"message": "second"}, {"message": "", "attachments": ["https://example.org/b.png"]},
        ]).encode())
        for arguments in (["--format", "markov-discord"], []):
            self.space = self.new_space()
            result, _ = self.load(path, "--channel", "general", *arguments)
            self.assertEqual(result["accepted"], 3)
            items = self.client.get(self.path("/messages?channel=general")).json()["items"]
            self.assertEqual([item["text"] for item in items], ["first", "second", ""])
            self.assertEqual(items[0]["attachments"], [{"url": "https://example.org/a.png"}])

    def test_several_files_and_one_that_is_missing(self):
        line = b'{"channel":"c","author":"a","text":"x"}\n'
        result, _ = self.load(self.file("a", line), self.file("b", line * 2))
        self.assertEqual(result["accepted"], 3)
        _, told = self.load("/no/such/file", status=IO)
        self.assertIn("/no/such/file", told)

    def test_a_gzipped_file_is_told_how(self):
        path = self.file("chat.jsonl.gz", support.gzip.compress(b"{}\n"))
        done = run("import", path, "--space", self.space, "--to", self.service.url)
        self.assertEqual(done.returncode, USAGE)
        self.assertIn("zcat", done.stderr)

    def test_a_directory_that_no_service_has_open(self):
        home = os.path.join(self.directory(), "data")
        path = self.file("chat", b'{"channel":"c","author":"a","text":"offline"}\n')
        arguments = ["import", path, "--space", "s", "--data", home]
        self.assertEqual(run(*arguments).returncode, DONE)
        self.assertEqual(run(*arguments).returncode, DONE)
        dumped = [json.loads(line)["text"] for line in run("dump", home).stdout.splitlines()]
        self.assertEqual(dumped, ["offline", "offline"])

    def test_a_directory_in_use_is_refused(self):
        path = self.file("chat", b'{"channel":"c","author":"a","text":"x"}\n')
        done = run("import", path, "--space", self.space, "--data", self.service.data)
        self.assertEqual(done.returncode, LOCKED, done.stderr)

    def test_real_chat_is_imported_as_it_is(self):
        lines = support.real_lines("chat", "taskmaster4.jsonl.gz", count=3000)
        result, _ = self.load("-", stdin=support.ndjson(lines))
        self.assertEqual(result["accepted"] + result["duplicates"], 3000)
        captions = support.real_lines("locomo", "messages.jsonl.gz", count=200)
        result, _ = self.load("-", stdin=support.ndjson(captions))
        self.assertEqual(result["accepted"], 200)


class Demo(support.Case):
    def test_a_small_corpus_is_loaded_into_an_empty_ledger_only(self):
        service = self.own_service(arguments=["--demo"])
        count = service.seq()
        self.assertGreater(count, 0)
        self.assertTrue(service.search("demo", "deploy"))
        service.restart()
        self.assertEqual(service.seq(), count)


class Notifying(support.Case):
    def test_the_supervisor_is_told_that_it_is_ready(self):
        path = os.path.join(self.directory(), "notify")
        with support.socket.socket(support.socket.AF_UNIX, support.socket.SOCK_DGRAM) as notify:
            notify.bind(path)
            notify.settimeout(support.DEADLINE_S)
            service = self.own_service(env={"NOTIFY_SOCKET": path})
            self.assertEqual(notify.recv(100).split(b"\n")[0], b"READY=1")
            self.assertEqual(service.stop(), DONE)
            self.assertTrue(notify.recv(100).startswith(b"STOPPING=1"))

    def test_standard_output_has_exactly_one_line(self):
        service = self.own_service()
        self.assertRegex(service.ready, r"^ready listen=127\.0\.0\.1:\d+ data=\S+ seq=0 "
                                        r"recovered_ms=\d+\n$")
        service.post_texts("s", "x")
        service.client.close()
        service.process.send_signal(support.signal.SIGTERM)
        self.assertEqual(service.process.stdout.read(), b"")
        self.assertEqual(service.process.wait(support.DEADLINE_S), DONE)
        service.process.stdout.close()
        service.process = None
        service.start()


if __name__ == "__main__":
    support.unittest.main()
