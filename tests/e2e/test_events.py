"""Events: the ledger of a space as lines, and as a stream."""
import json

import support


class Events(support.Case):
    def events(self, query=""):
        answer = self.client.get(self.path("/events" + query))
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(answer.headers["Content-Type"], "application/x-ndjson")
        return answer.lines()

    def note(self, content, kind="note", **fields):
        answer = self.client.post(self.path("/events"), {"kind": kind, "content": content, **fields})
        self.assertEqual(answer.status, 200, answer)
        return answer.json()["first_seq"]


class Listing(Events):
    def test_all_kinds_come_back_with_the_fields_they_were_posted_with(self):
        seq = self.post("hello", ts=5)["first_seq"]
        episode = self.client.post(self.path("/episodes"), {"task": "t", "ts": 6}).json()["episode"]
        self.client.post(self.path(f"/episodes/{episode}/steps"),
                         {"tool": "a", "action": "b", "ok": True, "ts": 7})
        self.client.post(self.path(f"/episodes/{episode}/complete"), {"outcome": "success", "ts": 8})
        self.client.put(self.path("/facts/bob/k"), {"value": {"v": 1}, "ts": 9})
        self.note("remember the milk", ts=10, meta={"m": 1})
        common = {"space": self.space}
        self.assertEqual(self.events(), [
            {"seq": seq, "ts": 5, "kind": "message", "channel": "general", "author": "ann",
             "text": "hello", **common},
            {"seq": seq + 1, "ts": 6, "kind": "episode", "task": "t", "episode": episode, **common},
            {"seq": seq + 2, "ts": 7, "kind": "step", "tool": "a", "action": "b", "ok": True,
             "episode": episode, **common},
            {"seq": seq + 3, "ts": 8, "kind": "completion", "outcome": "success",
             "episode": episode, **common},
            {"seq": seq + 4, "ts": 9, "kind": "fact", "subject": "bob", "key": "k",
             "value": {"v": 1}, **common},
            {"seq": seq + 5, "ts": 10, "kind": "note", "content": "remember the milk",
             "meta": {"m": 1}, **common}])

    def test_since_is_exclusive_and_pages_by_sequence(self):
        first = self.post(*(f"t{i}" for i in range(10)))["first_seq"]
        self.assertEqual([e["text"] for e in self.events(f"?since={first + 6}")], ["t7", "t8", "t9"])
        self.assertEqual([e["text"] for e in self.events("?since=0&limit=2")], ["t0", "t1"])
        self.assertEqual(self.events(f"?since={first + 9}"), [])

    def test_kinds_are_filtered(self):
        self.post("a message")
        self.note("a note")
        self.note("an idea", kind="idea")
        self.assertEqual([e["kind"] for e in self.events("?kind=message")], ["message"])
        self.assertEqual([e["content"] for e in self.events("?kind=idea")], ["an idea"])
        self.assertEqual(self.events("?kind=unheard-of"), [])

    def test_a_custom_event_is_searchable(self):
        seq = self.note("remember the marmalade")
        self.assertEqual([hit["seq"] for hit in self.service.search(self.space, "marmalade")], [seq])

    def test_many_come_as_lines(self):
        answer = self.client.post(self.path("/events"), [
            {"kind": "note", "content": f"n{i}"} for i in range(5)])
        self.assertEqual(answer.json()["accepted"], 5)

    def test_reserved_kinds_are_refused(self):
        before = self.service.seq()
        for kind in ("message", "edit", "forget", "episode", "step", "completion", "relation", "tags",
                     "fact", "feedback", "application", "reaction", "settings", "eviction", "trace"):
            answer = self.client.post(self.path("/events"), {"kind": kind, "content": "x"})
            self.assert_problem(answer, 422, kind)
        self.assertEqual(self.service.seq(), before)


class Following(Events):
    def follow(self, query=""):
        connection = self.service.raw()
        self.addCleanup(connection.close)
        connection.send(f"GET {self.path('/events')}?follow=1{query} HTTP/1.1\r\n"
                        "Host: localhost\r\n\r\n")
        status, headers = connection.head()
        self.assertEqual((status, headers["Content-Type"]), (200, "text/event-stream"))
        return connection

    def next_event(self, connection):
        data = []
        while True:
            line = connection.reader.readline().decode()
            self.assertNotEqual(line, "", "the stream ended")
            line = line.rstrip("\n")
            if line.startswith("data: "):
                data.append(line[6:])
            elif line == "" and data:
                return json.loads("\n".join(data))

    def test_new_events_are_streamed_as_they_are_committed(self):
        self.post("before")
        stream = self.follow()
        for i in range(20):
            seq = self.post(f"text {i}")
            event = self.next_event(stream)
            self.assertEqual((event["seq"], event["text"]), (seq["first_seq"], f"text {i}"))

    def test_since_brings_what_was_missed_and_goes_on(self):
        first = self.post(*(f"old {i}" for i in range(5)))["first_seq"]
        stream = self.follow(f"&since={first + 1}")
        self.post("new")
        texts = [self.next_event(stream)["text"] for _ in range(4)]
        self.assertEqual(texts, ["old 2", "old 3", "old 4", "new"])

    def test_other_spaces_and_kinds_are_left_out(self):
        self.post("x")
        stream = self.follow("&kind=note")
        self.post("elsewhere", space=self.new_space())
        self.post("a message here")
        self.note("a note here")
        self.assertEqual(self.next_event(stream)["content"], "a note here")

    def test_many_followers_get_every_event_once_in_order(self):
        self.post("start")
        streams = [self.follow() for _ in range(10)]
        for batch in range(10):
            self.post(*(f"{batch}-{i}" for i in range(20)))
        expected = [f"{batch}-{i}" for batch in range(10) for i in range(20)]
        for stream in streams:
            self.assertEqual([self.next_event(stream)["text"] for _ in expected], expected)

    def test_a_stop_ends_the_streams_and_is_clean(self):
        service = self.own_service()
        service.post_texts("s", "x")
        streams = [service.raw() for _ in range(5)]
        for stream in streams:
            self.addCleanup(stream.close)
            stream.send("GET /v1/spaces/s/events?follow=1 HTTP/1.1\r\nHost: localhost\r\n\r\n")
            self.assertEqual(stream.head()[0], 200)
        service.restart()
        for stream in streams:
            self.assertTrue(stream.is_closed_by_peer())

    def test_a_refused_stream_is_told_why(self):
        self.post("x")
        for query in ("&since=x", "&since=-1", "&kind=%ff"):
            answer = self.client.get(self.path(f"/events?follow=1{query}"))
            self.assert_problem(answer, 400)

    def test_a_follower_that_goes_disturbs_nobody(self):
        self.post("start")
        staying, going = self.follow(), [self.follow() for _ in range(5)]
        for stream in going:
            stream.close()
        self.post("after")
        self.assertEqual(self.next_event(staying)["text"], "after")


if __name__ == "__main__":
    support.unittest.main()
