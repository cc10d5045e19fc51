"""What is forgotten is out of every answer at once, and stays out."""
import threading

import support


class Forgetting(support.Case):
    def forget(self, rest, count):
        answer = self.client.delete(self.path(rest))
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(answer.json()["forgotten"], count)
        return answer.json()["seq"]

    def generated(self, count=40, space=None, service=None, **body):
        """The different texts of so many seeds."""
        service = service or self.service
        made = set()
        for seed in range(count):
            answer = service.client.post(
                self.path("/generate", space),
                {"rng_seed": seed, "allow_verbatim": True, "min_seq": service.seq(), **body})
            if answer.status == 200:
                made.add(answer.json()["text"])
        return made

    def listed(self, query=""):
        answer = self.client.get(self.path("/messages" + query))
        return [item["text"] for item in answer.json()["items"]] if answer.status == 200 else []


class Selecting(Forgetting):
    def test_a_message(self):
        kept = self.post("one two three")["first_seq"]
        seq = self.post("one two xyzzy")["first_seq"]
        self.assertIn("one two xyzzy", self.generated())
        self.forget(f"/messages/{seq}", 1)
        self.assert_problem(self.client.get(self.path(f"/messages/{seq}")), 404)
        self.assertEqual(self.listed(), ["one two three"])
        self.assertEqual(self.texts_found("xyzzy"), [])
        self.assertEqual(self.texts_found("two"), ["one two three"])
        self.assertEqual(self.generated(), {"one two three"})
        kinds = [event["kind"] for event in self.client.get(self.path("/events")).lines()]
        self.assertEqual(kinds, ["message", "forget"])
        self.assert_problem(self.client.delete(self.path(f"/messages/{seq}")), 404)
        self.forget(f"/messages/{kept}", 1)

    def test_an_author_with_the_facts_about_them(self):
        for i in range(3):
            self.post(f"ann says {i}", author="ann")
            self.post(f"eve says {i}", author="eve")
        self.client.put(self.path("/facts/eve/city"), {"value": "Zanzibar"})
        self.client.put(self.path("/facts/ann/city"), {"value": "Ulm"})
        self.forget("/authors/eve", 4)
        self.assertEqual(self.listed(), [f"ann says {i}" for i in range(3)])
        self.assertEqual(self.listed("?author=eve"), [])
        self.assertEqual(len(self.texts_found("says", k=100)), 3)
        self.assertEqual(self.texts_found("zanzibar"), [])
        query = f"?min_seq={self.service.seq()}"
        self.assert_problem(self.client.get(self.path("/facts/eve" + query)), 404)
        self.assertEqual(self.client.get(self.path("/facts/ann" + query)).status, 200)
        self.assert_problem(self.client.delete(self.path("/authors/eve")), 404)

    def test_a_channel(self):
        self.post("in the open", channel="open")
        self.post("in the secret place", "in the secret room", channel="secret / ünder")
        self.forget("/channels/" + support.quote("secret / ünder"), 2)
        self.assertEqual(self.listed(), ["in the open"])
        self.assertEqual(self.texts_found("secret"), [])
        self.assertEqual(self.generated(), {"in the open"})
        answer = self.client.post(self.path("/generate"), {"channel": "secret / ünder"})
        self.assert_problem(answer, 422, "empty")

    def test_a_space(self):
        self.post("all of it", "goes away")
        self.client.put(self.path("/facts/bob/k"), {"value": 1})
        self.client.post(self.path("/episodes"), {"task": "goes too"})
        seq = self.forget("", 4)
        self.assert_problem(self.client.get(self.path()), 404)
        self.assert_problem(self.client.get(self.path("/messages")), 404)
        for method, rest, body in (("GET", f"/facts/bob?min_seq={seq}", None),
                                   ("GET", f"/episodes?min_seq={seq}", None),
                                   ("POST", "/search", {"query": "away", "min_seq": seq}),
                                   ("POST", "/generate", {"min_seq": seq})):
            answer = self.client.request(method, self.path(rest), body)
            self.assertTrue(answer.status in (404, 422) or answer.json().get("items") == []
                            or answer.json().get("hits") == [], (rest, answer))
        self.assertNotIn(self.space, str(self.client.get("/v1/spaces?limit=1000").json()))
        self.assertEqual(self.client.get(self.path(f"/forgets/{seq}")).status, 200)
        self.post("a new life")
        self.assertEqual(self.listed(), ["a new life"])
        self.assertEqual(self.texts_found("goes away"), [])

    def test_an_episode_with_its_steps_and_its_part_in_patterns(self):
        bulk = [{"task": f"quixotic task {i}", "domain": "web", "outcome": "success",
                 "steps": [{"tool": tool, "action": "x", "ok": True} for tool in ("plan", "build")]}
                for i in range(3)]
        ids = self.client.post(self.path("/episodes:bulk"), bulk).json()["episodes"]

        def patterns():
            answer = self.client.get(self.path(f"/patterns?min_seq={self.service.seq()}"))
            return [pattern["support"] for pattern in answer.json()["items"]]
        self.assertEqual(patterns(), [3])
        self.forget(f"/episodes/{ids[1]}", 4)
        self.assertEqual(patterns(), [])
        query = f"?min_seq={self.service.seq()}"
        self.assert_problem(self.client.get(self.path(f"/episodes/{ids[1]}{query}")), 404)
        left = self.client.get(self.path("/episodes" + query)).json()["items"]
        self.assertEqual({item["episode"] for item in left}, {ids[0], ids[2]})
        self.assertEqual(len(self.texts_found("quixotic")), 2)
        answer = self.client.post(self.path(f"/episodes/{ids[1]}/steps"),
                                  {"tool": "a", "action": "b", "ok": True})
        self.assert_problem(answer, 404)

    def test_a_fact_with_its_history(self):
        for value in ("kumquat", "persimmon"):
            self.client.put(self.path("/facts/bob/fruit"), {"value": value})
        self.forget("/facts/bob/fruit", 2)
        for word in ("kumquat", "persimmon", "fruit"):
            self.assertEqual(self.texts_found(word), [])

    def test_the_moment_of_it_is_forgotten_too(self):
        first = self.post("early", ts=100, author="eve")["first_seq"]
        kept = self.post("kept", ts=200)["first_seq"]
        self.post("late", ts=300, author="eve")
        self.forget("/authors/eve", 2)
        told = self.client.get(self.path()).json()
        self.assertEqual((told["first_seq"], told["last_seq"]), (kept, kept))
        self.assertEqual((told["first_ts"], told["last_ts"]), (200, 200))
        self.assertGreater(kept, first)

    def test_what_is_not_there_is_not_found_and_stores_nothing(self):
        self.post("x")
        before = self.service.seq()
        for rest in ("/messages/999999", "/authors/nobody", "/channels/nowhere", "/facts/no/body"):
            self.assert_problem(self.client.delete(self.path(rest)), 404)
        self.assert_problem(self.client.delete("/v1/spaces/no-such-space"), 404)
        self.assertEqual(self.service.seq(), before)

    def test_a_repeat_does_not_bring_it_back(self):
        message = {"channel": "c", "author": "a", "text": "gone", "id": "key"}
        seq = self.service.post_messages(self.space, message)["first_seq"]
        self.post("stays")
        self.forget(f"/messages/{seq}", 1)
        again = self.service.post_messages(self.space, message)
        self.assertEqual((again["accepted"], again["duplicates"]), (0, 1))
        self.assertEqual(self.listed(), ["stays"])
        self.assertEqual(self.texts_found("gone"), [])

    def test_the_receipt_tells_what_and_how_many(self):
        self.post("a", "b", author="eve")
        seq = self.forget("/authors/eve", 2)
        receipt = self.client.get(self.path(f"/forgets/{seq}")).json()
        self.assertEqual((receipt["seq"], receipt["scope"], receipt["author"], receipt["forgotten"]),
                         (seq, "author", "eve", 2))
        for member in ("segments_rewritten", "checkpoints_rewritten", "bytes_gone_at"):
            self.assertIn(member, receipt)
        self.assert_problem(self.client.get(self.path(f"/forgets/{seq - 1}")), 404)


class Untraining(Forgetting):
    def test_a_transition_that_only_it_had_is_never_made_again(self):
        self.post("the red fox jumps over", "the red fox sleeps")
        seq = self.post("a sly red fox jumps away")["first_seq"]
        self.assertTrue(any("sly" in text or "away" in text for text in self.generated()))
        self.forget(f"/messages/{seq}", 1)
        made = self.generated(200) | self.generated(100, channel="general")
        self.assertEqual(made, {"the red fox jumps over", "the red fox sleeps"})

    def test_counts_go_back_exactly(self):
        """The same draws as in a space that never had the message."""
        texts = [f"w{i % 5} w{i % 3} w{i % 7} w{i % 4}" for i in range(50)]
        other = self.new_space()
        self.post(*texts)
        gone = self.post("w1 w1 w1 w1", "w0 w0 w0 brand new words")
        self.post(*texts, space=other)
        for seq in range(gone["first_seq"], gone["last_seq"] + 1):
            self.forget(f"/messages/{seq}", 1)
        for seed in range(60):
            answers = [self.client.post(self.path("/generate", space),
                                        {"rng_seed": seed, "min_seq": self.service.seq()}).json()
                       for space in (self.space, other)]
            self.assertEqual(*((answer.get("text"), answer.get("score")) for answer in answers))
        for query in ("w1", "w0 w2", "new"):
            left, right = ([(hit["text"], hit["score"]) for hit in
                            self.service.search(space, query, k=100)]
                           for space in (self.space, other))
            self.assertEqual(left, right)

    def test_a_follower_is_told_of_the_forget_but_shown_nothing(self):
        seq = self.post("ephemeral")["first_seq"]
        self.forget(f"/messages/{seq}", 1)
        body = self.client.get(self.path("/events?since=0")).body
        self.assertNotIn(b"ephemeral", body)


class AtOnce(Forgetting):
    def test_the_answer_to_a_delete_is_the_end_of_it_even_under_load(self):
        """No min_seq here: from the answer on, no read shows it, whoever asks."""
        stop = threading.Event()

        def write():
            client = self.service.connect()
            while not stop.is_set():
                client.post(self.path("/messages?ack=buffered"), [
                    {"channel": "c", "author": "busy", "text": f"noise {i} beside the words"}
                    for i in range(200)])
            client.close()
        writer = threading.Thread(target=write)
        writer.start()
        self.addCleanup(writer.join)
        self.addCleanup(stop.set)
        reader = self.service.connect()
        self.addCleanup(reader.close)
        for i in range(40):
            answer = self.post(f"needle{i} beside needles", author="eve")
            seq = answer["first_seq"]
            fact = self.client.put(self.path("/facts/eve/k"), {"value": f"needle{i}"})
            self.assertEqual(fact.status, 200)
            if i % 2:  # seen before it goes, or not yet applied by anyone
                self.assertEqual(len(self.service.search(self.space, f"needle{i}")), 2)
            self.forget("/authors/eve", 2)
            found = reader.post(self.path("/search"), {"query": f"needle{i}"}).json()
            self.assertEqual(found["hits"], [])
            made = reader.post(self.path("/generate"),
                               {"start": f"needle{i} beside", "allow_verbatim": True})
            self.assertNotIn(f"needle{i}", made.json().get("text", ""))
            self.assertEqual(reader.get(self.path("/facts/eve/k")).status, 404)
            self.assertEqual(reader.get(self.path(f"/messages/{seq}")).status, 404)


class Afterwards(Forgetting):
    """Forgotten stays forgotten: after a stop, a kill, and in a replay."""

    def test_nothing_of_it_comes_back(self):
        service = self.own_service()
        service.post_messages("s", *(
            {"text": f"plain words number {i % 9} {i % 4}", "author": f"a{i % 3}",
             "channel": f"c{i % 2}"} for i in range(60)))
        service.post_texts("s", "plain words xyzzy xyzzy xyzzy", author="eve")
        service.post_texts("s", "plain words plugh plugh", channel="attic")
        service.client.put("/v1/spaces/s/facts/eve/word", {"value": "xyzzy"})
        last = service.post_texts("s", "plain words frotz")["first_seq"]
        for rest in ("/authors/eve", "/channels/attic", f"/messages/{last}", "/authors/a2"):
            self.assertEqual(service.client.delete("/v1/spaces/s" + rest).status, 200)
        expected = service.digest()

        def check():
            self.assertEqual(service.digest(), expected)
            for word in ("xyzzy", "plugh", "frotz"):
                self.assertEqual(service.search("s", word), [])
            made = " ".join(self.generated(30, space="s", service=service))
            events = service.client.get("/v1/spaces/s/events?limit=1000").body.decode()
            messages = service.client.get("/v1/spaces/s/messages?limit=1000").body.decode()
            for word in ("xyzzy", "plugh", "frotz", '"a2"'):
                self.assertNotIn(word, made)
                self.assertNotIn(word, messages)
            for word in ("xyzzy", "plugh", "frotz"):
                self.assertNotIn(word, events)
        check()
        service.restart()
        check()
        service.restart(kill=True)
        check()
        service.stop()
        self.assertEqual(support.replay(service.data)["digest"], expected)
        dumped = support.run("dump", service.data).stdout
        for word in ("xyzzy", "plugh", "frotz"):
            self.assertNotIn(word, dumped)
        service.start()

    def test_the_digest_of_a_forgotten_space_is_as_if_it_had_never_been(self):
        service = self.own_service()
        service.post_texts("stays", "some words here")
        before = service.digest()
        service.post_texts("goes", "other words there", "some words here")
        service.client.put("/v1/spaces/goes/facts/a/b", {"value": 1})
        self.assertNotEqual(service.digest(), before)
        self.assertEqual(service.client.delete("/v1/spaces/goes").status, 200)
        self.assertEqual(service.digest(), before)


if __name__ == "__main__":
    support.unittest.main()
