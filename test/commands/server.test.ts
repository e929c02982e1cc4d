import { rm } from "node:fs/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type ChatServer, completion, sendJson, startChatServer } from "../llm/remote/chat-server.js";
import { run, temporaryFolder } from "./cli.js";

let folder: string;
let server: ChatServer;

/** Says Yes with three quarters of the probability. */
beforeAll(async () => {
  folder = await temporaryFolder();
  const likeliest = [
    { token: "Yes", logprob: Math.log(0.75) },
    { token: "No", logprob: Math.log(0.25) },
  ];
  const logprobs = { content: [{ ...likeliest[0], top_logprobs: likeliest }] };
  const message = { role: "assistant", content: "Yes" };
  const answer = completion("", { choices: [{ index: 0, finish_reason: "length", message, logprobs }] });
  server = await startChatServer((response) => {
    sendJson(response, answer);
  });
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

const ask = (...words: string[]) =>
  run(
    [
      ...["explainctr", "--set", "world.size=tiny", "--recommenders", "llm-zero-shot,ctr-rate"],
      ...["--llm", `openai:${server.url}#tiny`, "--json", "--concurrency", "1", ...words],
    ],
    folder,
  );

it("a server's limits come from flags: a run stops at its cost, resumable, and goes on with a higher one", async () => {
  // Ten tokens at $100,000 a million: a dollar a request.
  const price = ["--price", "100000,0"];
  const stopped = await ask(...price, "--max-cost", "3");
  expect(stopped.code).toBe(6);
  expect(stopped.stdout + stopped.stderr).toContain("$3.0000 of the allowed $3 are spent");
  expect(server.bodies.length).toBe(3);

  const done = await ask(...price, "--max-cost", "1e6");
  expect(done.code).toBe(0);
  const asked = server.bodies.length;
  const { run: made } = JSON.parse(done.stdout) as { run: { dir: string } };
  expect(made.dir).toMatch(/explainctr-world-/);

  // What was answered is neither asked nor paid for again.
  expect((await ask(...price)).code).toBe(0);
  expect(server.bodies.length).toBe(asked);
}, 120_000);

it("refuses a limit without a price, and what is no price", async () => {
  const unpriced = await ask("--max-cost", "3", "--fresh");
  expect(unpriced.code).toBe(2);
  expect(unpriced.stdout + unpriced.stderr).toContain("a cost limit needs the price of tiny");
  const wrong = await ask("--price", "cheap");
  expect(wrong.code).toBe(2);
  expect(wrong.stdout + wrong.stderr).toContain("expected two prices in dollars per million tokens");
}, 120_000);

it("has its limits in the commands that go on with a finished run, too", async () => {
  const explain = ["explainctr", "explain", "--recommenders", "expctr-llm-untrained", "--user", "u00001"];
  const unpriced = await run([...explain, "--item", "f00001", "--max-cost", "3"], folder);
  expect(unpriced.code).toBe(2);
  expect(unpriced.stdout + unpriced.stderr).toContain("a cost limit needs the price of tiny");
  const add = ["coldllm", "add-item", "--run", "runs", "--file", "new.jsonl"];
  const wrong = await run([...add, "--price", "cheap"], folder);
  expect(wrong.code).toBe(2);
  expect(wrong.stdout + wrong.stderr).toContain("expected two prices in dollars per million tokens");
}, 120_000);
