"""A mixed workload: messages, real ones where they are at hand, episodes, facts, notes, settings and
forgets, in several spaces. Seeded, so that a failure can be repeated."""
import random
import unittest

import support

WORDS = ("deploy release kernel sound driver partition mount screen network cable reboot install "
         "update broken works again today maybe never always the a of and to in is it that").split()


def chat(rng, count):
    try:
        pool = support.real_lines("chat", "ubuntu-irc.jsonl.gz", count=4000)
    except unittest.SkipTest:
        pool = [{"channel": f"c{i % 3}", "author": f"a{i % 17}", "ts": 1000 + i,
                 "text": " ".join(rng.choices(WORDS, k=rng.randint(2, 15)))} for i in range(1000)]
    start = rng.randrange(max(1, len(pool) - count))
    return pool[start:start + count]


def episode(rng, number):
    tools = rng.choice((["grep", "edit", "test"], ["plan", "edit", "test"], ["grep", "edit"]))
    return {"episode": f"key-{number}", "task": f"task {number} " + " ".join(rng.choices(WORDS, k=4)),
            "domain": rng.choice(("web", "shell")), "tags": rng.sample(WORDS, 2),
            "steps": [{"tool": tool, "action": rng.choice(WORDS), "ok": rng.random() < 0.8,
                       "latency_ms": rng.randrange(1000)} for tool in tools],
            "outcome": rng.choice(("success", "success", "partial", "failure"))}


def _ok(answer):
    if answer.status not in (200, 201, 404):  # 404: there was nothing of that name to forget
        raise AssertionError(answer)
    return answer


def forget(client, path, rng, messages, episodes):
    rest = rng.choice((
        lambda: f"/messages/{rng.choice(messages)}",
        lambda: f"/messages/{rng.choice(messages)}",
        lambda: f"/authors/{support.quote(rng.choice(AUTHORS_FORGOTTEN))}",
        lambda: f"/channels/side-{rng.randrange(4)}",
        lambda: f"/episodes/{rng.choice(episodes)}",
        lambda: f"/facts/subject-{rng.randrange(3)}/key-{rng.randrange(4)}"))()
    _ok(client.delete(path + rest))


AUTHORS_FORGOTTEN = ("passer-by", "visitor", "Ünknown/guest")


def run(service, seed, spaces=("alpha", "beta", "gamma"), rounds=6, batch=80):
    """Returns the last sequence number."""
    rng = random.Random(seed)
    client = service.client
    episodes = {space: [] for space in spaces}
    messages = {space: [] for space in spaces}
    _ok(client.put(f"/v1/spaces/{spaces[-1]}/settings", {"state_size": 1, "language": "none"}))
    for number in range(rounds):
        for space in spaces:
            path = f"/v1/spaces/{space}"
            batch_of_chat = chat(rng, batch)
            batch_of_chat += [{"channel": f"side-{rng.randrange(4)}",
                               "author": rng.choice(AUTHORS_FORGOTTEN), "id": f"{seed}-{number}-{i}",
                               "text": " ".join(rng.choices(WORDS, k=6))} for i in range(10)]
            rng.shuffle(batch_of_chat)
            ack = rng.choice(("durable", "buffered"))
            answer = _ok(client.post(f"{path}/messages?ack={ack}", batch_of_chat)).json()
            messages[space] += range(answer["first_seq"], answer["last_seq"] + 1)
            _ok(client.post(f"{path}/messages", batch_of_chat[:0] + [batch_of_chat[0]]))
            whole = [episode(rng, number * 10 + i) for i in range(4)]
            episodes[space] += _ok(client.post(f"{path}/episodes:bulk", whole)).json()["episodes"]
            started = _ok(client.post(f"{path}/episodes", {"task": "by hand"})).json()["episode"]
            _ok(client.post(f"{path}/episodes/{started}/steps", episode(rng, 0)["steps"]))
            if rng.random() < 0.7:
                _ok(client.post(f"{path}/episodes/{started}/complete", {"outcome": "success"}))
            for i in range(4):
                _ok(client.put(f"{path}/facts/subject-{i % 3}/key-{i}", {"value": {"n": number}}))
            _ok(client.post(f"{path}/events", {"kind": "note", "content": rng.choice(WORDS)}))
            forget(client, path, rng, messages[space], episodes[space])
            forget(client, path, rng, messages[space], episodes[space])
    _ok(client.delete(f"/v1/spaces/{spaces[0]}/authors/visitor"))
    return service.seq()
