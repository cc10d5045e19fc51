"""Search: by words, by filters, page by page, and reading one's own writes."""
import support


class Search(support.Case):
    def ask(self, **body):
        return self.client.post(self.path("/search"), body)


class Words(Search):
    def setUp(self):
        super().setUp()
        self.post("the deploy failed at midnight", "we will deploy the new release on friday",
                  "lunch is at noon", "deploy deploy deploy")

    def test_a_hit_says_what_and_where(self):
        seq = self.post("a zebra in the garden", channel="zoo", author="eve", ts=1234, id="z")
        answer = self.ask(query="zebra", min_seq=seq["last_seq"]).json()
        score = answer["hits"][0].pop("score")
        self.assertGreater(score, 0)
        self.assertEqual(answer["hits"], [{
            "seq": seq["last_seq"], "id": "z", "kind": "message", "channel": "zoo",
            "author": "eve", "ts": 1234, "text": "a zebra in the garden"}])
        self.assertIs(answer["cached"], False)
        self.assertGreaterEqual(answer["took_us"], 0)
        self.assertIsNone(answer["next_cursor"])

    def test_the_best_come_first(self):
        hits = self.service.search(self.space, "deploy failed")
        self.assertEqual(hits[0]["text"], "the deploy failed at midnight")
        self.assertEqual(len(hits), 3)
        scores = [hit["score"] for hit in hits]
        self.assertEqual(scores, sorted(scores, reverse=True))

    def test_words_are_found_in_their_other_forms(self):
        for query in ("deploying", "DEPLOYED", "Deploys"):
            self.assertEqual(len(self.texts_found(query)), 3, query)
        self.assertEqual(self.texts_found("lunches"), ["lunch is at noon"])

    def test_words_nobody_wrote_find_nothing(self):
        self.assertEqual(self.texts_found("quokka"), [])
        self.assertEqual(self.texts_found("quokka lunch"), ["lunch is at noon"])

    def test_titles_and_captions_are_searched(self):
        self.post("look here", title="Okapi report")
        self.post("and here", attachments=[{"caption": "a wombat asleep"}])
        self.assertEqual(self.texts_found("okapi"), ["look here"])
        self.assertEqual(self.texts_found("wombats"), ["and here"])

    def test_scores_are_explained_on_demand(self):
        hit = self.service.search(self.space, "lunch", explain=True)[0]
        self.assertEqual(hit["scores"]["bm25"], hit["score"])
        self.assertNotIn("scores", self.service.search(self.space, "lunch")[0])

    def test_an_empty_query_is_refused(self):
        for query in ("", "   "):
            self.assert_problem(self.ask(query=query), 400, "query")

    def test_unknown_modes_are_refused_and_the_cursor_must_fit(self):
        self.assert_problem(self.ask(query="x", mode="psychic"), 400)
        self.assert_problem(self.ask(query="x", cursor="zzz"), 400, "cursor")
        cursor = self.ask(query="deploy", k=1, min_seq=self.service.seq()).json()["next_cursor"]
        self.assert_problem(self.ask(query="lunch", cursor=cursor), 400, "cursor")


class Filters(Search):
    def setUp(self):
        super().setUp()
        self.service.post_messages(self.space, *(
            {"text": f"report number {i}", "channel": f"c{i % 2}", "author": f"a{i % 3}",
             "ts": 1000 + i} for i in range(30)))

    def numbers(self, **filters):
        return sorted(int(text.split()[2])
                      for text in self.texts_found("report", k=100, **filters))

    def test_channel_author_and_time_narrow_the_search(self):
        self.assertEqual(self.numbers(), list(range(30)))
        self.assertEqual(self.numbers(channel="c1"), list(range(1, 30, 2)))
        self.assertEqual(self.numbers(author="a2"), list(range(2, 30, 3)))
        self.assertEqual(self.numbers(channel="c0", author="a0"), [0, 6, 12, 18, 24])
        self.assertEqual(self.numbers(since=1028), [28, 29])
        self.assertEqual(self.numbers(until=1003)[:3], [0, 1, 2])
        self.assertEqual(self.numbers(channel="elsewhere"), [])

    def test_kinds_are_told_apart(self):
        self.client.post(self.path("/episodes"), {"task": "write the report", "domain": "office"})
        self.client.put(self.path("/facts/bob/duty"), {"value": "weekly report"})
        self.client.post(self.path("/events"), {"kind": "note", "content": "report to the boss"})

        def kinds(**filters):
            return {hit["kind"] for hit in
                    self.service.search(self.space, "report", k=100, **filters)}
        self.assertEqual(kinds(), {"message", "episode", "fact", "note"})
        for kind in ("message", "episode", "fact", "note"):
            self.assertEqual(kinds(kinds=[kind]), {kind})
        self.assertEqual(kinds(kinds=["fact", "note"]), {"fact", "note"})
        self.assertEqual(kinds(domain="office"), {"episode"})

    def test_pages_join_to_the_whole_without_repeats(self):
        whole = [hit["seq"] for hit in self.service.search(self.space, "report", k=100)]
        paged, cursor = [], {}
        while cursor is not None:
            answer = self.ask(query="report", k=7, **cursor).json()
            paged += [hit["seq"] for hit in answer["hits"]]
            cursor = answer["next_cursor"] and {"cursor": answer["next_cursor"]}
        self.assertEqual(paged, whole)
        self.assertEqual(len(whole), 30)

    def test_k_has_limits(self):
        self.assertEqual(len(self.ask(query="report", min_seq=self.service.seq()).json()["hits"]), 10)
        self.assertEqual(len(self.ask(query="report", k=1).json()["hits"]), 1)
        for k in (0, -1, 10**6):
            self.assert_problem(self.ask(query="report", k=k), 400)

    def test_an_expired_message_is_not_found(self):
        self.post("stale tangerine", expires_at=1)
        self.post("fresh tangerine", expires_at=4102444800000)
        self.assertEqual(self.texts_found("tangerine"), ["fresh tangerine"])


class OwnWrites(Search):
    def test_what_was_acknowledged_is_found_with_its_sequence(self):
        for i in range(100):
            for query, ack in (("?ack=buffered", "buffered"), ("", "durable")):
                seq = self.service.post_messages(
                    self.space, {"text": f"needle{ack}{i}"}, query=query)["last_seq"]
                answer = self.ask(query=f"needle{ack}{i}", min_seq=seq).json()
                self.assertEqual([hit["seq"] for hit in answer["hits"]], [seq])

    def test_in_the_query_as_in_the_body(self):
        seq = self.post("a needle")["last_seq"]
        answer = self.client.post(self.path(f"/search?min_seq={seq}"), {"query": "needle"})
        self.assertEqual(len(answer.json()["hits"]), 1)

    def test_every_read_takes_it(self):
        seq = self.post("a needle")["last_seq"]
        for path in ("/messages", "/events", "/episodes", "/patterns", "", f"/messages/{seq}"):
            answer = self.client.get(self.path(f"{path}?min_seq={seq}"))
            self.assertEqual(answer.status, 200, (path, answer))

    def test_a_space_nobody_wrote_to_is_not_found(self):
        self.assert_problem(self.ask(query="x"), 404)


class RealChat(Search):
    def test_every_hit_holds_a_word_of_the_query(self):
        messages = support.real_lines("chat", "ubuntu-irc.jsonl.gz", count=3000)
        self.service.post_messages(self.space, *messages)
        for query, stem in (("partition", "partition"), ("kernel", "kernel"), ("sound", "sound")):
            texts = self.texts_found(query, k=1000)
            expected = [m for m in messages if stem in m["text"].lower()]
            self.assertGreater(len(texts), 0)
            self.assertTrue(all(stem in text.lower() for text in texts), texts)
            self.assertLessEqual(len(texts), len(expected))


if __name__ == "__main__":
    support.unittest.main()
