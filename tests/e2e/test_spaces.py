"""Spaces: made by the first write, counted, and each with settings of its own."""
import support


class Spaces(support.Case):
    def get(self, space=None):
        return self.client.get(self.path("", space)).json()

    def test_the_first_write_makes_a_space(self):
        self.assert_problem(self.client.get(self.path()), 404, "first write")
        self.client.put(self.path("/facts/bob/k"), {"value": 1})
        self.assertEqual(self.client.get(self.path()).status, 200)

    def test_a_refused_write_makes_none(self):
        self.client.post(self.path("/messages"), {"text": "without channel"})
        self.client.delete(self.path("/authors/ann"))
        self.assert_problem(self.client.get(self.path()), 404)

    def test_a_space_counts_what_it_holds(self):
        first = self.post("one", "two", ts=1000)["first_seq"]
        episode = self.client.post(self.path("/episodes"), {"task": "t", "ts": 3000}).json()
        self.client.post(self.path("/events"), {"kind": "note", "content": "n", "ts": 2000})
        stored = self.get()
        self.assertEqual((stored["space"], stored["events"]), (self.space, 4))
        self.assertEqual(stored["by_kind"], {"message": 2, "episode": 1, "custom": 1})
        self.assertEqual((stored["first_seq"], stored["last_seq"]), (first, episode["seq"] + 1))
        self.assertEqual((stored["first_ts"], stored["last_ts"]), (1000, 3000))
        self.assertGreater(stored["bytes"], 0)

    def test_forgotten_events_are_not_counted(self):
        self.post("stays")
        self.post("goes", "goes too", author="eve")
        self.client.delete(self.path("/authors/eve"))
        self.assertEqual(self.get()["by_kind"]["message"], 1)
        self.assertEqual(self.get()["forgotten"], 2)

    def test_all_spaces_are_listed_page_by_page(self):
        spaces = [f"{self.space}-{i}" for i in range(7)]
        for space in spaces:
            self.post("x", space=space)
        listed, cursor = [], ""
        while cursor is not None:
            answer = self.client.get(f"/v1/spaces?limit=3{cursor}").json()
            self.assertLessEqual(len(answer["items"]), 3)
            listed += [item["space"] for item in answer["items"]]
            cursor = answer["next_cursor"] and f"&cursor={answer['next_cursor']}"
        self.assertEqual([space for space in listed if space in spaces], spaces)
        self.assertEqual(len(listed), len(set(listed)))


class Settings(support.Case):
    def put(self, **settings):
        return self.client.put(self.path("/settings"), settings)

    def get(self):
        return self.client.get(self.path("/settings")).json()

    def test_what_was_put_stands_over_the_defaults(self):
        self.post("x")
        defaults = self.get()
        self.assertEqual((defaults["language"], defaults["state_size"]), ("english", 2))
        self.assertEqual(self.put(language="none", listen=["general"]).status, 200)
        self.assertEqual(self.get(), {**defaults, "language": "none", "listen": ["general"]})

    def test_bad_settings_are_refused(self):
        before = self.service.seq()
        for settings in ({"language": "klingon"}, {"state_size": 0}, {"state_size": 6},
                         {"channel_chains": "yes"}, {"listen": "general"}, {"quotas": 5},
                         {"colour": "red"}):
            self.assert_problem(self.put(**settings), 400)
        self.assertEqual(self.service.seq(), before)

    def test_they_are_events_of_the_ledger_and_survive(self):
        service = self.own_service()
        client = service.client
        client.put("/v1/spaces/s/settings", {"language": "none", "state_size": 1})
        service.post_texts("s", "running a joint b", "c joint d")
        service.restart(kill=True)
        self.assertEqual(service.client.get("/v1/spaces/s/settings").json()["state_size"], 1)
        self.assertEqual(service.search("s", "run"), [])
        self.assertEqual(len(service.search("s", "running")), 1)
        before = service.digest()
        service.stop()
        self.assertEqual(support.replay(service.data)["digest"], before)
        service.start()

    def test_a_language_without_stems_takes_words_as_they_are(self):
        self.put(language="none")
        self.post("the deployments")
        self.assertEqual(self.texts_found("deployment"), [])
        self.assertEqual(self.texts_found("the"), ["the deployments"])


if __name__ == "__main__":
    support.unittest.main()
