"""Facts: what is known about a subject, now and before."""
import support


class Facts(support.Case):
    def put(self, subject, key, value, **fields):
        answer = self.client.put(
            self.path(f"/facts/{support.quote(subject)}/{support.quote(key)}"),
            {"value": value, **fields})
        self.assertEqual(answer.status, 200, answer)
        return answer.json()["seq"]

    def get(self, rest, query=""):
        return self.client.get(self.path(f"/facts/{rest}?min_seq={self.service.seq()}{query}"))

    def test_a_fact_is_any_json_and_comes_back(self):
        for value in ("text", 1.50, True, None, [], {"deep": [{"er": 1}]}, "日本 \"quoted\""):
            seq = self.put("bob", "k", value, ts=5)
            answer = self.get("bob/k").json()
            self.assertEqual(answer, {"subject": "bob", "key": "k", "value": value, "ts": 5,
                                      "seq": seq})

    def test_numbers_are_spelled_as_they_were(self):
        body = b'{"value": [1.500, 1E+2, 12345678901234567890, -0] }'
        self.client.put(self.path("/facts/bob/n"), body)
        self.assertIn(b'"value":[1.500,1E+2,12345678901234567890,-0]', self.get("bob/n").body)

    def test_the_newest_counts_and_the_others_are_its_history(self):
        seqs = [self.put("bob", "mood", f"mood {i}", ts=100 + i) for i in range(5)]
        self.assertEqual(self.get("bob/mood").json()["value"], "mood 4")
        history = self.get("bob/mood", "&history=3").json()["history"]
        self.assertEqual([(v["value"], v["ts"], v["seq"]) for v in history],
                         [(f"mood {i}", 100 + i, seqs[i]) for i in (4, 3, 2)])
        self.assertEqual(len(self.get("bob/mood", "&history=1000").json()["history"]), 5)

    def test_a_subject_shows_all_its_keys(self):
        for key in ("name", "age", "city"):
            self.put("bob", key, key.upper())
        self.put("eve", "name", "EVE")
        facts = self.get("bob").json()["facts"]
        self.assertEqual({fact["key"]: fact["value"] for fact in facts},
                         {"name": "NAME", "age": "AGE", "city": "CITY"})

    def test_pages_join_to_the_whole(self):
        for i in range(10):
            self.put("bob", f"key {i}/é", i)
        found, cursor = [], ""
        while cursor is not None:
            answer = self.get("bob", f"&limit=3{cursor}").json()
            found += [fact["value"] for fact in answer["facts"]]
            cursor = answer["next_cursor"] and f"&cursor={answer['next_cursor']}"
        self.assertEqual(sorted(found), list(range(10)))

    def test_names_may_hold_slashes_and_spaces(self):
        self.put("user/7", "home town", "Ulm")
        self.assertEqual(self.get("user%2F7/home%20town").json()["value"], "Ulm")
        self.assertEqual(self.get("user%2F7").json()["subject"], "user/7")

    def test_a_commitment_is_opened_and_closed(self):
        for status in ("open", "closed"):
            self.put("bob", "call the bank", {"status": status})
        answer = self.get("bob/call%20the%20bank", "&history=2").json()
        self.assertEqual([v["value"]["status"] for v in answer["history"]], ["closed", "open"])

    def test_a_deleted_fact_is_gone_with_its_history(self):
        self.put("bob", "a", 1)
        self.put("bob", "a", 2)
        self.put("bob", "b", 3)
        answer = self.client.delete(self.path("/facts/bob/a"))
        self.assertEqual((answer.status, answer.json()["forgotten"]), (200, 2), answer)
        self.assert_problem(self.get("bob/a"), 404)
        self.assertEqual([fact["key"] for fact in self.get("bob").json()["facts"]], ["b"])
        self.assert_problem(self.client.delete(self.path("/facts/bob/a")), 404)
        self.put("bob", "a", 4)
        self.assertEqual(self.get("bob/a", "&history=9").json()["value"], 4)
        self.assertEqual(len(self.get("bob/a", "&history=9").json()["history"]), 1)

    def test_what_is_not_known_is_not_found(self):
        self.put("bob", "a", 1)
        for rest in ("eve", "bob/b", "eve/a"):
            self.assert_problem(self.get(rest), 404)


if __name__ == "__main__":
    support.unittest.main()
