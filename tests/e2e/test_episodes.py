"""Episodes: from their creation to the patterns that they show."""
import re

import support

UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def steps(*tools, ok=True):
    return [{"tool": tool, "action": f"use {tool}", "ok": ok} for tool in tools]


class Episodes(support.Case):
    def create(self, **fields):
        answer = self.client.post(self.path("/episodes"), {"task": "fix the login", **fields})
        self.assertEqual(answer.status, 201, answer)
        return answer.json()["episode"]

    def post_steps(self, episode, body):
        return self.client.post(self.path(f"/episodes/{episode}/steps"), body)

    def complete(self, episode, outcome="success", **fields):
        return self.client.post(self.path(f"/episodes/{episode}/complete"),
                                {"outcome": outcome, **fields})

    def get(self, episode):
        return self.client.get(
            self.path(f"/episodes/{episode}?min_seq={self.service.seq()}"))

    def list(self, query=""):
        return self.client.get(
            self.path(f"/episodes?min_seq={self.service.seq()}{query}")).json()["items"]


    def bulk(self, *episodes):
        answer = self.client.post(self.path("/episodes:bulk"), list(episodes))
        self.assertEqual(answer.status, 200, answer)
        return answer.json()

    def patterns(self, query):
        return self.client.get(self.path("/patterns" + query)).json()["items"]


class OneByOne(Episodes):
    def test_ids_are_ordered_in_time(self):
        ids = [self.create() for _ in range(20)]
        for episode in ids:
            self.assertTrue(UUID7.fullmatch(episode), episode)
        self.assertEqual(ids, sorted(ids))

    def test_an_episode_comes_back_as_it_was_told(self):
        episode = self.create(type="bug", domain="web", tags=["urgent", "ui"], context={"n": 1.50})
        step = {"tool": "grep", "action": "search the sources", "ok": True, "args": {"q": [1, 2]},
                "observation": "found", "latency_ms": 12, "tokens": 34, "ts": 1700000000000}
        self.assertEqual(self.post_steps(episode, step).status, 200)
        answer = self.post_steps(episode, [
            {"tool": "edit", "action": "try", "ok": False, "error": "read only", "result": "no",
             "colour": "red"},
            *steps("edit", "test")]).json()
        self.assertEqual((answer["accepted"], answer["last_seq"] - answer["first_seq"]), (3, 2))

        self.assertEqual(self.get(episode).json()["status"], "open")
        self.assertEqual(self.complete(episode, reason="it works", artifacts=["a.patch"]).status, 200)
        stored = self.get(episode).json()
        self.assertEqual(
            {key: stored[key] for key in ("task", "type", "domain", "tags", "context", "status",
                                          "outcome", "reason", "artifacts")},
            {"task": "fix the login", "type": "bug", "domain": "web", "tags": ["urgent", "ui"],
             "context": {"n": 1.50}, "status": "completed", "outcome": "success",
             "reason": "it works", "artifacts": ["a.patch"]})
        self.assertEqual([s["tool"] for s in stored["steps"]], ["grep", "edit", "edit", "test"])
        first, second = stored["steps"][0], stored["steps"][1]
        del first["seq"]
        self.assertEqual(first, step)
        self.assertEqual((second["observation"], second["error"], second["meta"]),
                         ("no", "read only", {"colour": "red"}))

    def test_a_completion_answers_with_reward_and_reflection(self):
        episode = self.create(domain="web")
        self.post_steps(episode, steps("grep", "edit", "test"))
        answer = self.complete(episode).json()
        self.assertEqual(set(answer["reward"]), {
            "total", "base", "efficiency", "complexity_bonus", "quality_multiplier",
            "learning_bonus", "abstention"})
        self.assertEqual(answer["reward"]["base"], 1)
        self.assertGreater(answer["reward"]["total"], 0)
        self.assertEqual(set(answer["reflection"]), {"successes", "improvements", "insights"})
        self.assertTrue(answer["reflection"]["successes"])
        self.assertEqual(answer["patterns"], [])

    def test_a_failure_is_worth_less_than_a_success(self):
        totals = {}
        for outcome in ("success", "partial", "failure"):
            episode = self.create()
            self.post_steps(episode, steps("a", "b"))
            totals[outcome] = self.complete(episode, outcome).json()["reward"]["total"]
        self.assertGreater(totals["success"], totals["partial"])
        self.assertGreater(totals["partial"], totals["failure"])

    def test_what_is_completed_takes_no_more(self):
        episode = self.create()
        self.complete(episode)
        before = self.service.seq()
        self.assert_problem(self.complete(episode), 409, "completed")
        self.assert_problem(self.complete(episode, "failure"), 409)
        self.assert_problem(self.post_steps(episode, steps("late")), 409, "completed")
        self.assertEqual(self.service.seq(), before)

    def test_an_unknown_episode_is_not_found(self):
        other = "01890000-0000-7000-8000-000000000000"
        self.create()
        self.assert_problem(self.post_steps(other, steps("a")), 404)
        self.assert_problem(self.complete(other), 404)
        self.assert_problem(self.get(other), 404)
        self.assert_problem(self.client.delete(self.path(f"/episodes/{other}")), 404)

    def test_outcomes_are_three(self):
        episode = self.create()
        self.assert_problem(self.complete(episode, "splendid"), 400, "outcome")
        self.assert_problem(self.client.post(self.path(f"/episodes/{episode}/complete"), {}), 400)

    def test_an_open_episode_goes_on_after_a_kill(self):
        service = self.own_service()
        client = service.client
        episode = client.post("/v1/spaces/s/episodes", {"task": "t"}).json()["episode"]
        client.post(f"/v1/spaces/s/episodes/{episode}/steps", steps("a"))
        service.restart(kill=True)
        client = service.client
        self.assertEqual(client.post(f"/v1/spaces/s/episodes/{episode}/steps",
                                     steps("b")).status, 200)
        self.assertEqual(client.post(f"/v1/spaces/s/episodes/{episode}/complete",
                                     {"outcome": "success"}).status, 200)
        service.restart(kill=True)
        stored = service.client.get(f"/v1/spaces/s/episodes/{episode}").json()
        self.assertEqual([step["tool"] for step in stored["steps"]], ["a", "b"])
        self.assert_problem(service.client.post(f"/v1/spaces/s/episodes/{episode}/complete",
                                                {"outcome": "success"}), 409)


class Bulk(Episodes):
    def test_whole_episodes_come_in_one_body(self):
        answer = self.bulk(*(
            {"episode": f"key-{i}", "task": f"task {i}", "domain": "web" if i % 2 else "shell",
             "type": "bug", "tags": [f"tag-{i % 3}"], "steps": steps(*"abc"),
             "outcome": ("success", "failure", "partial")[i % 3]} for i in range(12)))
        self.assertEqual((answer["accepted"], len(answer["episodes"])), (12, 12))
        self.assertEqual(answer["last_seq"] - answer["first_seq"] + 1, 12 * 5)

        def tasks(query):
            return sorted(int(item["task"].split()[1]) for item in self.list(query))
        self.assertEqual(tasks(""), list(range(12)))
        self.assertEqual(tasks("&outcome=failure"), [1, 4, 7, 10])
        self.assertEqual(tasks("&domain=web"), [1, 3, 5, 7, 9, 11])
        self.assertEqual(tasks("&tag=tag-2&domain=web"), [5, 11])
        self.assertEqual(tasks("&type=bug&outcome=success"), [0, 3, 6, 9])
        self.assertEqual(tasks("&type=feature"), [])
        self.assertEqual(tasks("&until=1"), [])

        found = self.list("&key=key-7")
        self.assertEqual([(item["task"], item["key"], item["step_count"]) for item in found],
                         [("task 7", "key-7", 3)])
        self.assertEqual(found[0]["episode"], answer["episodes"][7])

    def test_until_is_exclusive_as_in_every_list(self):
        for ts in (100, 200, 300):
            self.create(ts=ts)
        self.post("a", ts=200)
        for since, until, count in ((100, 200, 1), (100, 201, 2), (200, 300, 1), (201, 400, 1)):
            query = f"&since={since}&until={until}"
            self.assertEqual(len(self.list(query)), count, query)
        self.assertEqual(self.client.get(self.path("/messages?until=200")).json()["items"], [])
        self.assertEqual(self.texts_found("a", until=200), [])

    def test_pages_join_to_the_whole(self):
        self.bulk(*({"task": f"task {i}", "steps": [], "outcome": "success"} for i in range(11)))
        whole = [item["episode"] for item in self.list()]
        paged, cursor = [], ""
        while cursor is not None:
            answer = self.client.get(self.path(f"/episodes?limit=4{cursor}")).json()
            paged += [item["episode"] for item in answer["items"]]
            cursor = answer["next_cursor"] and f"&cursor={answer['next_cursor']}"
        self.assertEqual(paged, whole)
        self.assertEqual(len(set(paged)), 11)

    def test_real_episodes_are_taken_as_they_are(self):
        episodes = support.real_lines("episodes", "tau-airline.jsonl.gz", count=40)
        answer = self.bulk(*episodes)
        self.assertEqual(answer["accepted"], len(episodes))
        stored = self.get(answer["episodes"][0]).json()
        self.assertEqual(stored["task"], episodes[0]["task"])
        self.assertEqual([step["action"] for step in stored["steps"]],
                         [step["action"] for step in episodes[0]["steps"]])


class Patterns(Episodes):
    """A sequence of tools is a pattern when three episodes of a domain show it."""

    def setUp(self):
        super().setUp()
        self.bulk(*({"task": "t", "domain": "web", "steps": steps("grep", "edit", "test"),
                     "outcome": "success"} for _ in range(2)))

    def tools(self, query=""):
        return {tuple(pattern["tools"]): pattern
                for pattern in self.patterns(f"?min_seq={self.service.seq()}{query}")}

    def test_support_counts_distinct_episodes(self):
        self.assertEqual(self.tools(), {})
        repeated = steps(*["edit", "test"] * 10)
        last = self.bulk({"task": "t", "domain": "web", "steps": repeated, "outcome": "success"})
        found = self.tools()
        self.assertEqual(found[("edit", "test")]["support"], 3)
        self.assertNotIn(("grep", "edit", "test"), found)
        pattern = found[("edit", "test")]
        self.assertEqual((pattern["kind"], pattern["domain"], pattern["success_rate"]),
                         ("tool_sequence", "web", 1))
        self.assertTrue(0 < pattern["confidence"] <= 1)
        self.assertGreater(last["last_seq"], 0)

    def test_a_completion_names_the_patterns_that_it_shows(self):
        episode = self.create(domain="web")
        self.post_steps(episode, steps("grep", "edit"))
        answer = self.complete(episode).json()
        self.assertIn(["grep", "edit"], [pattern["tools"] for pattern in answer["patterns"]])

    def test_domains_are_kept_apart(self):
        self.bulk({"task": "t", "domain": "shell", "steps": steps("grep", "edit"),
                   "outcome": "success"})
        self.assertEqual(self.tools(), {})
        self.bulk({"task": "t", "domain": "web", "steps": steps("grep", "edit"),
                   "outcome": "success"})
        self.assertEqual(set(self.tools("&domain=web")), {("grep", "edit")})
        self.assertEqual(self.tools("&domain=shell"), {})

    def test_failures_lower_the_rate_of_success(self):
        for outcome in ("success", "success", "failure"):
            self.bulk({"task": "t", "domain": "web", "steps": steps("edit", "test"),
                       "outcome": outcome})
        pattern = self.tools()[("edit", "test")]
        self.assertEqual((pattern["support"], pattern["success_rate"]), (5, 0.8))
        self.assertEqual(self.tools("&min_success=0.9"), {})

    def test_feedback_is_kept_with_its_pattern(self):
        self.bulk({"task": "t", "domain": "web", "steps": steps("grep", "edit"),
                   "outcome": "success"})
        pattern = self.tools()[("grep", "edit")]["id"]
        for helped in (True, True, False):
            answer = self.client.post(self.path(f"/patterns/{pattern}/feedback"), {"helped": helped})
            self.assertEqual(answer.status, 200, answer)
        stored = self.client.get(
            self.path(f"/patterns/{pattern}?min_seq={self.service.seq()}")).json()
        self.assertEqual(stored["feedback"], {"helped": 2, "not_helped": 1})
        self.assert_problem(self.client.get(self.path("/patterns/0123")), 404)
        self.assert_problem(
            self.client.post(self.path(f"/patterns/{pattern}/feedback"), {"helped": 1}), 400)

    def test_every_sequence_is_really_contiguous_in_its_support(self):
        """Against a naive count over real episodes."""
        episodes = support.real_lines("episodes", "sgd-services.jsonl.gz", count=400)
        space = self.new_space()
        answer = self.client.post(f"/v1/spaces/{space}/episodes:bulk", episodes).json()
        path = f"/v1/spaces/{space}/patterns?limit=1000&min_seq={answer['last_seq']}"
        found = self.client.get(path).json()["items"]
        self.assertTrue(found)
        for pattern in found:
            tools, count = pattern["tools"], 0
            for episode in episodes:
                used = [step["tool"] for step in episode["steps"]]
                windows = (used[i:i + len(tools)] for i in range(len(used)))
                count += episode["domain"] == pattern["domain"] and tools in windows
            self.assertGreaterEqual(count, pattern["support"], pattern)


if __name__ == "__main__":
    support.unittest.main()
