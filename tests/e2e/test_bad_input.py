"""What is malformed is refused with a problem that says why, and stores nothing."""
import json

import support

GOOD = {"channel": "c", "author": "a", "text": "t"}


class Refused(support.Case):
    """Whatever a test here sends, the ledger's last sequence number stays as it was."""

    def setUp(self):
        super().setUp()
        self.post("the space is there")
        self.seq_before = self.service.seq()

    def tearDown(self):
        self.assertEqual(self.service.seq(), self.seq_before, "a refused request stored something")

    def refuse(self, body, *parts, status=400, path="/messages", method="POST"):
        if isinstance(body, str):
            body = body.encode()
        return self.assert_problem(self.client.request(method, self.path(path), body), status, *parts)


class Json(Refused):
    def test_broken_json_is_refused(self):
        whole = json.dumps({**GOOD, "meta": {"a": [1, "b", None]}})
        for end in range(len(whole)):
            self.refuse(whole[:end])
        for body in (whole + "x", whole + whole, "[1]", '"text"', "null", "1", "{,}", "{'a':1}",
                     '{"a":01}', '{"a":+1}', '{"a":NaN}', '{"a":"\t"}', '{"a":"\\x"}', "\ufeff{}"):
            self.refuse(body)

    def test_invalid_utf8_is_refused(self):
        for bad in (b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc3", b"\x80"):
            self.refuse(b'{"channel":"c","author":"a","text":"' + bad + b'"}')

    def test_lone_surrogates_are_refused(self):
        for bad in (r"\ud800", r"\udc00", r"\udc00\ud800", r"\ud83dx"):
            self.refuse('{"channel":"c","author":"a","text":"%s"}' % bad)
            self.refuse('{"channel":"c","author":"a","text":"t","meta":{"%s":1}}' % bad)

    def test_duplicate_keys_are_refused_at_every_depth(self):
        self.refuse('{"channel":"c","author":"a","text":"t","text":"t"}', "key")
        self.refuse('{"channel":"c","author":"a","text":"t","meta":{"x":{"k":1,"k":1}}}')
        self.refuse('{"channel":"c","author":"a","text":"t","meta":{"k":1,"\\u006b":1}}')

    def test_depth_ends_at_64(self):
        def nested(levels):  # the message itself is one
            return ('{"channel":"c","author":"a","text":"t","meta":{"m":%s}}'
                    % ("[" * (levels - 2) + "]" * (levels - 2)))
        self.refuse(nested(65), "deep")
        self.refuse(nested(100_000))
        answer = self.client.post(self.path("/messages"), nested(64).encode())
        self.assertEqual(answer.status, 200, answer)
        self.seq_before += 1

    def test_an_unknown_field_gets_the_nearest_known(self):
        self.refuse({**GOOD, "chanel": "c"}, "chanel", 'did you mean "channel"')
        self.refuse({**GOOD, "quite different": 1}, "quite different")
        self.refuse({"query": "x", "chanel": "c"}, "chanel", "did you mean", path="/search")
        self.refuse({"max_word": 3}, "max_word", "did you mean", path="/generate")
        self.refuse({"task": "t", "domian": "d"}, "did you mean", path="/episodes")
        self.refuse({"valeu": 1}, "did you mean", path="/facts/s/k", method="PUT")
        self.refuse({"langauge": "none"}, path="/settings", method="PUT")
        self.refuse({"kind": "note", "contents": "x"}, "did you mean", path="/events")


class Fields(Refused):
    def test_missing_fields_are_named(self):
        for field in GOOD:
            self.refuse({key: value for key, value in GOOD.items() if key != field}, field)
        self.refuse({}, "task", path="/episodes")
        self.refuse({}, "query", path="/search")
        self.refuse({}, "value", path="/facts/s/k", method="PUT")
        self.refuse({"kind": "note"}, "content", path="/events")
        self.refuse({"content": "note"}, "kind", path="/events")

    def test_wrong_types_are_named(self):
        wrong = {"channel": 1, "author": None, "text": ["t"], "ts": "now", "id": 5, "reply_to": "x",
                 "session": {}, "title": 1, "role": "boss", "bot": "yes", "expires_at": "never",
                 "attachments": {}, "meta": "m"}
        for field, value in wrong.items():
            self.refuse({**GOOD, field: value}, field)
        self.refuse({"task": "t", "meta": [1]}, "meta", path="/episodes")
        self.refuse({"kind": "note", "content": "c", "meta": 1}, "meta", path="/events")
        for value in (1.5, 1e400, 2**63, -2**64, True):
            self.refuse(json.dumps({**GOOD, "ts": value}).replace("Infinity", "1e400"), "ts")
        self.refuse({"query": "x", "k": "ten"}, "byte 20", path="/search")
        self.refuse({"max_words": "ten"}, "max_words", path="/generate")
        self.refuse({"task": ["t"]}, "task", path="/episodes")

    def test_names_have_a_longest_length(self):
        for field, most in (("channel", 128), ("author", 256)):
            self.refuse({**GOOD, field: "x" * (most + 1)}, field)
            self.refuse({**GOOD, field: "é" * (most // 2) + "x"}, field)
            self.refuse({**GOOD, field: ""}, field)
            self.refuse({**GOOD, field: "a\u0007b"}, field)
            answer = self.client.post(self.path("/messages"), {**GOOD, field: "x" * most})
            self.assertEqual(answer.status, 200, answer)
            self.seq_before += 1

    def test_a_space_has_a_plain_name(self):
        for name in ("x" * 129, "a b", "a%2Fb", "%C3%A9", "a%00", "%zz", "a%"):
            answer = self.client.post(f"/v1/spaces/{support.quote(name) if ' ' in name else name}"
                                      "/messages", GOOD)
            self.assert_problem(answer, 400)
        name = "Az09._:@%23-" + "x" * 100
        self.assertEqual(self.client.post(f"/v1/spaces/{name}/messages", GOOD).status, 200)
        self.seq_before += 1

    def test_names_in_paths_are_checked(self):
        for path in ("/facts/" + "s" * 129 + "/k", "/facts/s/" + "k" * 129, "/facts/a%07/k",
                     "/facts/%ff/k"):
            self.refuse({"value": 1}, path=path, method="PUT")

    def test_a_query_parameter_out_of_range_is_refused(self):
        for path in ("/messages?limit=0", "/messages?since=1.5", "/messages?channel=%ff",
                     "/messages?channel=%0", "/events?since=x", "/patterns?min_success=2",
                     "/patterns?kind=magic", "/episodes?outcome=fine", "/events?follow=maybe",
                     "/facts/s?limit=1001"):
            self.assert_problem(self.client.get(self.path(path)), 400)


class Routes(Refused):
    def test_an_unknown_path_gets_the_nearest_known(self):
        for path, meant in (("/v1/spaces/s/mesages", "messages"), ("/v1/stat", "/v1/stats"),
                            ("/spaces/s/messages", "/v1/spaces"), ("/metric", "/metrics"),
                            ("/v1/spaces/s/serach", "search")):
            self.assert_problem(self.client.get(path), 404, "did you mean", meant)
        self.assert_problem(self.client.get("/favicon.ico"), 404)
        self.assert_problem(self.client.get("/" + "x/" * 50), 404)

    def test_another_method_names_those_that_are_allowed(self):
        for method, path, allowed in (
                ("PUT", self.path("/messages"), {"GET", "POST"}),
                ("PATCH", self.path("/messages/1"), {"GET", "DELETE"}),
                ("GET", self.path("/search"), {"POST"}), ("DELETE", "/metrics", {"GET"})):
            answer = self.client.request(method, path)
            self.assert_problem(answer, 405)
            allow = set(answer.headers["Allow"].replace(" ", "").split(","))
            self.assertEqual(allow - {"HEAD", "OPTIONS"}, allowed)

    def test_bodies_of_another_type_are_refused(self):
        for content_type in ("text/plain", "text/xml", "multipart/form-data; boundary=x"):
            answer = self.client.post(self.path("/messages"), json.dumps(GOOD).encode(),
                                      **{"Content-Type": content_type})
            self.assert_problem(answer, 415, "application/json")
        answer = self.client.post(self.path("/messages"), b"\x1f\x8b\x08",
                                  **{"Content-Encoding": "gzip"})
        self.assert_problem(answer, 415)
        answer = self.client.post(self.path("/search"), [{"query": "x"}])
        self.assert_problem(answer, 415, "NDJSON")

    def test_parameters_of_a_content_type_do_not_matter(self):
        for content_type in ("application/json; charset=utf-8", "Application/JSON"):
            answer = self.client.post(self.path("/messages"), json.dumps(GOOD).encode(),
                                      **{"Content-Type": content_type})
            self.assertEqual(answer.status, 200, answer)
            self.seq_before += 1

    def test_what_comes_later_is_told_apart_from_what_does_not_exist(self):
        for method, path in (("POST", self.path("/context")), ("GET", self.path("/graph?from=1")),
                             ("POST", self.path("/patterns:recommend")), ("POST", "/v1/compact")):
            answer = self.client.request(method, path, {} if method == "POST" else None)
            self.assert_problem(answer, 501, "later release")

    def test_foreign_hosts_and_origins_are_turned_away(self):
        for headers in ({"Host": "evil.example"}, {"Host": "evil.example:7700"},
                        {"Host": "localhost.evil.example"}, {"Origin": "https://evil.example"},
                        {"Origin": "null"}):
            answer = self.client.request("POST", self.path("/messages"), GOOD, headers)
            self.assert_problem(answer, 403)
        for headers in ({"Host": "localhost"}, {"Host": f"[::1]:{self.service.port}"},
                        {"Origin": f"http://localhost:{self.service.port}"}):
            answer = self.client.request("GET", "/healthz", None, headers)
            self.assertEqual(answer.status, 200, headers)

    def test_reads_from_the_future_are_refused_at_once(self):
        self.client.post(self.path("/messages"), GOOD)
        self.seq_before += 1
        ahead = self.seq_before + 1000
        for path in ("/messages", "/events", "/episodes", "/facts/s", "/patterns", ""):
            self.assert_problem(self.client.get(self.path(f"{path}?min_seq={ahead}")), 422,
                                "min_seq", str(self.seq_before))
        self.refuse({"query": "x", "min_seq": ahead}, "min_seq", status=422, path="/search")
        self.refuse({"min_seq": ahead}, "min_seq", status=422, path="/generate")


class BadLineInTheMiddle(Refused):
    def test_no_line_of_a_bad_body_is_stored_and_the_line_is_named(self):
        lines = [json.dumps(GOOD)] * 500
        for bad in ('{"channel":"c"}', "{", '{"channel":"c","author":"a","text":"\xff"}'):
            lines[250] = bad
            answer = self.client.post(self.path("/messages"), "\n".join(lines).encode("latin-1"),
                                      **{"Content-Type": "application/x-ndjson"})
            problem = self.assert_problem(answer, 400, "251")
            self.assertEqual(problem["line"], 251)

    def test_a_bad_step_takes_its_whole_episode_with_it(self):
        episode = {"task": "t", "domain": "d", "outcome": "success",
                   "steps": [{"tool": "a", "action": "b", "ok": True}] * 3}
        bad = {**episode, "steps": episode["steps"] + [{"tool": "a"}]}
        answer = self.client.post(self.path("/episodes:bulk"), [episode, bad, episode])
        problem = self.assert_problem(answer, 400, "step 4")
        self.assertEqual(problem["line"], 2)

    def test_a_body_without_events_is_refused(self):
        for body in (b"", b"\n", b" \n\r\n"):
            answer = self.client.post(self.path("/messages"), body,
                                      **{"Content-Type": "application/x-ndjson"})
            self.assert_problem(answer, 400)


class Framing(Refused):
    """Requests as bytes on the wire."""

    def send(self, *pieces):
        connection = self.service.raw()
        self.addCleanup(connection.close)
        connection.send(*pieces)
        return connection

    def post(self, body, *headers):
        head = [f"POST {self.path('/messages')} HTTP/1.1", "Host: localhost", *headers]
        return "\r\n".join(head) + "\r\n\r\n" + body

    def chunked(self, body, size):
        chunks = [body[i:i + size] for i in range(0, len(body), size)]
        return "".join(f"{len(chunk):x}\r\n{chunk}\r\n" for chunk in chunks) + "0\r\n\r\n"

    def test_chunked_bodies_are_put_together(self):
        body = json.dumps(GOOD)
        for size in (1, 7, 1000):
            connection = self.send(self.post(self.chunked(body, size), "Transfer-Encoding: chunked"))
            self.assertEqual(connection.answer().status, 200)
            self.seq_before += 1

    def test_a_request_may_come_byte_by_byte(self):
        body = json.dumps(GOOD)
        request = self.post(body, f"Content-Length: {len(body)}")
        connection = self.send(*request)
        self.assertEqual(connection.answer().status, 200)
        self.seq_before += 1

    def test_pipelined_requests_are_answered_in_order(self):
        requests, expected = [], []
        for i in range(200):
            body = json.dumps({**GOOD, "text": f"number {i}"})
            requests.append(self.post(body, f"Content-Length: {len(body)}", f"X-Request-Id: w{i}"))
            requests.append(f"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: h{i}\r\n\r\n")
            requests.append(f"GET /nowhere HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: n{i}\r\n\r\n")
            expected += [(200, f"w{i}"), (200, f"h{i}"), (404, f"n{i}")]
        connection = self.send("".join(requests))
        answers = [connection.answer() for _ in expected]
        self.assertEqual([(a.status, a.headers["X-Request-Id"]) for a in answers], expected)
        seqs = [answer.json()["first_seq"] for answer in answers[::3]]
        self.assertEqual(seqs, list(range(self.seq_before + 1, self.seq_before + 201)))
        self.seq_before += 200

    def test_a_client_that_asks_first_is_told_to_continue(self):
        body = json.dumps(GOOD)
        head = self.post("", f"Content-Length: {len(body)}", "Expect: 100-continue")
        connection = self.send(head)
        self.assertEqual(connection.head()[0], 100)
        connection.send(body)
        self.assertEqual(connection.answer().status, 200)
        self.seq_before += 1

    def test_a_client_that_asks_first_is_told_at_once_what_is_wrong(self):
        connection = self.send(self.post("", f"Content-Length: {1 << 30}", "Expect: 100-continue"))
        self.assert_problem(connection.answer(), 413)
        connection = self.send("POST /nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n"
                               "Expect: 100-continue\r\n\r\n")
        self.assert_problem(connection.answer(), 404)

    def test_what_is_not_http_is_refused_and_the_connection_closed(self):
        for noise, status in (("\x16\x03\x01\x02\x00\x01\x00", 400), ("hello\r\n\r\n", 400),
                              ("GET / HTTP/1.1\r\n\r\n", 400), ("GET / HTTP/2.0\r\n\r\n", 505),
                              ("GET nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
                              (self.post("", "Content-Length: -1"), 400),
                              (self.post("", "Content-Length: 5", "Content-Length: 6"), 400),
                              (self.post("", "Content-Length: 5", "Transfer-Encoding: chunked"), 400),
                              (self.post("xyz\r\n", "Transfer-Encoding: chunked"), 400),
                              (self.post("", "Host: localhost"), 400)):
            connection = self.send(noise.encode("latin-1"))
            self.assert_problem(connection.answer(), status)
            connection.end()
            self.assertTrue(connection.is_closed_by_peer(), noise)

    def test_a_head_without_end_is_refused(self):
        connection = self.send("GET / HTTP/1.1\r\nHost: localhost\r\n", "X: " + "x" * 17000)
        self.assert_problem(connection.answer(), 431)
        connection = self.send("GET /" + "x" * 17000)
        self.assert_problem(connection.answer(), 414)

    def test_the_caller_may_name_a_request(self):
        answer = self.client.get("/healthz", **{"X-Request-Id": "mine-1"})
        self.assertEqual(answer.headers["X-Request-Id"], "mine-1")
        first, second = (self.client.get("/healthz").headers["X-Request-Id"] for _ in range(2))
        self.assertTrue(first and second and first != second)

    def test_a_connection_is_closed_when_the_client_says_so(self):
        connection = self.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        self.assertEqual(connection.answer().status, 200)
        self.assertTrue(connection.is_closed_by_peer())
        connection = self.send("GET /healthz HTTP/1.0\r\n\r\n")
        self.assertEqual(connection.answer().status, 200)
        self.assertTrue(connection.is_closed_by_peer())

    def test_head_is_get_without_the_body(self):
        connection = self.send("HEAD /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
                               "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        self.assertEqual(connection.head()[0], 200)
        self.assertEqual(connection.answer().json(), {"status": "ok"})


class Limits(support.Case):
    """A service with narrow limits."""

    @classmethod
    def setUpClass(cls):
        cls.narrow = support.Service([
            "server.max_body_bytes=2000", "server.header_timeout_ms=150",
            "server.body_timeout_ms=150", "server.idle_timeout_ms=300"])
        cls.addClassCleanup(cls.narrow.close)

    @property
    def service(self):
        self.narrow.client.close()  # it may have been idle for too long meanwhile
        return self.narrow

    def test_a_body_over_the_limit_is_refused(self):
        body = json.dumps({**GOOD, "text": "x" * 3000}).encode()
        self.assert_problem(self.client.post(self.path("/messages"), body), 413, "max_body_bytes")
        with self.service.raw() as connection:
            chunk = "3e8\r\n" + "x" * 1000 + "\r\n"
            connection.send(f"POST {self.path('/messages')} HTTP/1.1\r\nHost: localhost\r\n"
                            "Transfer-Encoding: chunked\r\n\r\n", chunk, chunk, chunk)
            self.assert_problem(connection.answer(), 413, "max_body_bytes")
        exact = json.dumps({**GOOD, "text": ""}).encode()
        exact = json.dumps({**GOOD, "text": "x" * (2000 - len(exact))}).encode()
        self.assertEqual(self.client.post(self.path("/messages"), exact).status, 200)

    def test_half_a_request_is_given_up_and_stores_nothing(self):
        before = self.service.seq()
        body = json.dumps(GOOD)
        whole = (f"POST {self.path('/messages')} HTTP/1.1\r\nHost: localhost\r\n"
                 f"Content-Length: {len(body)}\r\n\r\n{body}")
        for end in (10, whole.index("\r\n\r\n"), whole.index("\r\n\r\n") + 6, len(whole) - 1):
            with self.service.raw() as connection:
                connection.send(whole[:end])
                self.assert_problem(connection.answer(), 408)
                connection.end()
                self.assertTrue(connection.is_closed_by_peer())
        self.assertEqual(self.service.seq(), before)

    def test_a_client_that_goes_in_the_middle_stores_nothing(self):
        before = self.service.seq()
        body = json.dumps(GOOD)
        for _ in range(50):
            with self.service.raw() as connection:
                connection.send(f"POST {self.path('/messages')} HTTP/1.1\r\nHost: localhost\r\n"
                                f"Content-Length: {len(body)}\r\n\r\n{body[:-1]}")
        self.assertEqual(self.service.seq(), before)

    def test_a_connection_that_never_sends_is_closed(self):
        with self.service.raw() as connection:
            self.assertTrue(connection.is_closed_by_peer())


class ManyConnections(support.Case):
    def test_two_thousand_idle_connections_do_not_stop_another(self):
        idle = [self.service.raw() for _ in range(2000)]
        for connection in idle:
            self.addCleanup(connection.close)
        for connection in idle[::100]:
            connection.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n")  # half a request
        for i in range(100):
            self.post(f"text {i}")
        self.assertEqual(len(self.texts_found("text", k=100)), 100)
        idle[0].send("\r\n")
        idle[1].send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        self.assertEqual([idle[i].answer().status for i in (0, 1)], [200, 200])

    def test_one_connection_too_many_is_told(self):
        service = self.own_service("server.max_connections=4")
        service.client.close()
        first = [service.raw() for _ in range(4)]
        for connection in first:
            self.addCleanup(connection.close)
            connection.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            self.assertEqual(connection.answer().status, 200)
        with service.raw() as connection:
            self.assert_problem(connection.answer(), 503, "max_connections")
            connection.end()
            self.assertTrue(connection.is_closed_by_peer())
        first[0].close()

        def is_served():
            with service.raw() as connection:
                connection.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
                return connection.answer().status == 200
        support.wait_until(is_served, "a place for another connection")


if __name__ == "__main__":
    support.unittest.main()
