"""Tokens: what each role may do, and where."""
import hashlib
import os

import support

TOKENS = {"boss": "role=admin spaces=*", "writer": "role=write spaces=red,blue",
          "reader": "role=read spaces=red", "watcher": "role=read spaces=*"}
MESSAGE = {"channel": "c", "author": "a", "text": "hello"}


def token_line(token, rights):
    return f"{hashlib.sha256(token.encode()).hexdigest()} {rights}\n"


class Tokens(support.Case):
    @classmethod
    def setUpClass(cls):
        cls.home = support.tempfile.mkdtemp(prefix="cairn-e2e-")
        cls.addClassCleanup(support.shutil.rmtree, cls.home)
        cls.file = os.path.join(cls.home, "tokens")
        with open(cls.file, "w", encoding="utf-8") as file:
            file.write("# who may do what\n\n")
            file.writelines(token_line(*item) for item in TOKENS.items())
        cls.guarded = support.Service([f"server.token_file={cls.file}"])
        cls.addClassCleanup(cls.guarded.close)
        client = cls.guarded.connect(token="boss")
        for space in ("red", "blue", "green"):
            client.post(f"/v1/spaces/{space}/messages", MESSAGE)
        client.close()

    def status(self, token, method, path, body=None):
        client = self.guarded.connect(token=token)
        self.addCleanup(client.close)
        answer = client.request(method, path, body)
        if answer.status in (401, 403):
            self.assert_problem(answer, answer.status)
        return answer.status

    def test_without_a_token_only_health_is_told(self):
        for path in ("/healthz", "/readyz"):
            self.assertEqual(self.status(None, "GET", path), 200)
        for path in ("/v1/spaces/red/messages", "/v1/spaces", "/v1/stats", "/v1/config", "/metrics",
                     "/v1/digest", "/v1/slow"):
            self.assertEqual(self.status(None, "GET", path), 401, path)
        self.assertEqual(self.status(None, "POST", "/v1/spaces/red/messages", MESSAGE), 401)

    def test_a_wrong_token_is_told_how_to_log_in(self):
        for token in ("wrong", "boss2", "Boss", hashlib.sha256(b"boss").hexdigest()):
            self.assertEqual(self.status(token, "GET", "/v1/spaces/red/messages"), 401)
        client = self.guarded.connect()
        self.addCleanup(client.close)
        answer = client.get("/v1/stats", Authorization="Basic Ym9zczpib3Nz")
        self.assert_problem(answer, 401)
        self.assertTrue(answer.headers["WWW-Authenticate"].startswith("Bearer"))

    def test_roles_include_each_other(self):
        read, write = "/v1/spaces/red/messages", "/v1/spaces/red/messages"
        settings = "/v1/spaces/red/settings"
        for token, can_read, can_write, can_set in (("boss", 200, 200, 200),
                                                    ("writer", 200, 200, 403),
                                                    ("reader", 200, 403, 403),
                                                    ("watcher", 200, 403, 403)):
            self.assertEqual(self.status(token, "GET", read), can_read, token)
            self.assertEqual(self.status(token, "POST", write, MESSAGE), can_write, token)
            self.assertEqual(self.status(token, "PUT", settings, {"listen": []}), can_set, token)

    def test_searching_is_reading_and_forgetting_is_writing(self):
        self.assertEqual(self.status("reader", "POST", "/v1/spaces/red/search", {"query": "x"}), 200)
        self.assertEqual(self.status("reader", "DELETE", "/v1/spaces/red/messages/1"), 403)
        self.assertEqual(self.status("reader", "DELETE", "/v1/spaces/red"), 403)

    def test_a_token_opens_its_spaces_only(self):
        for token, red, blue, green in (("reader", 200, 403, 403), ("writer", 200, 200, 403),
                                        ("watcher", 200, 200, 200), ("boss", 200, 200, 200)):
            for space, status in (("red", red), ("blue", blue), ("green", green)):
                self.assertEqual(self.status(token, "GET", f"/v1/spaces/{space}/messages"), status)
                self.assertEqual(
                    self.status(token, "POST", f"/v1/spaces/{space}/search", {"query": "hello"}),
                    status)

    def test_what_tells_of_all_spaces_needs_all_spaces(self):
        for path in ("/v1/spaces", "/v1/stats", "/metrics", "/v1/digest"):
            self.assertEqual(self.status("writer", "GET", path), 403, path)
            self.assertEqual(self.status("watcher", "GET", path), 200, path)
        self.assertEqual(self.status("watcher", "GET", "/v1/config"), 403)
        self.assertEqual(self.status("boss", "GET", "/v1/config"), 200)

    def test_no_secret_is_told(self):
        client = self.guarded.connect(token="boss")
        self.addCleanup(client.close)
        told = client.get("/v1/config").body.decode()
        for token in TOKENS:
            self.assertNotIn(hashlib.sha256(token.encode()).hexdigest(), told)


class Starting(support.Case):
    def serve(self, *arguments):
        return support.run("serve", "--data", os.path.join(self.directory(), "data"), *arguments)

    def test_it_refuses_to_listen_to_the_world_without_tokens(self):
        for listen in ("0.0.0.0:0", "[::]:0"):
            done = self.serve("--listen", listen)
            self.assertEqual(done.returncode, support.SETTINGS, done.stderr)
            self.assertIn("token_file", done.stderr)
            self.assertEqual(done.stdout, "")

    def test_a_broken_token_file_is_told_with_its_line(self):
        path = os.path.join(self.directory(), "tokens")
        good = token_line("t", "role=read spaces=*")
        for bad in ("secret role=read spaces=*\n", good.replace("read", "king"), good[:64] + "\n",
                    good.replace("spaces=*", "rooms=*"), good.replace("spaces=*", "spaces=a b")):
            with open(path, "w", encoding="utf-8") as file:
                file.write(good + bad)
            done = self.serve("--listen", "127.0.0.1:0", "--set", f"server.token_file={path}")
            self.assertEqual(done.returncode, support.SETTINGS, (bad, done.stderr))
            self.assertIn("2", done.stderr)
            self.assertIn(path, done.stderr)

    def test_a_token_file_that_is_not_there_is_told(self):
        done = self.serve("--listen", "127.0.0.1:0", "--set", "server.token_file=/no/such/file")
        self.assertIn(done.returncode, (support.SETTINGS, support.IO), done.stderr)
        self.assertIn("/no/such/file", done.stderr)

    def test_with_tokens_it_listens_beyond_loopback_and_takes_any_host(self):
        path = os.path.join(self.directory(), "tokens")
        with open(path, "w", encoding="utf-8") as file:
            file.write(token_line("t", "role=read spaces=*"))
        service = self.own_service(f"server.token_file={path}",
                                   arguments=["--listen", "0.0.0.0:0"])
        answer = service.client.get("/healthz", Host="memory.example")
        self.assertEqual(answer.status, 200)


if __name__ == "__main__":
    support.unittest.main()
