import { afterEach, describe, expect, it, vi } from "vitest";
import { EXIT, formatError, LlmrecError, reportOf } from "../../../src/core/errors.js";
import { RemoteModel } from "../../../src/llm/remote/remote-model.js";
import type { RemoteOptions } from "../../../src/llm/remote/options.js";
import { callContext } from "../tiny-models.js";
import { type Behaviour, type ChatServer, completion, sendJson, startChatServer } from "./chat-server.js";

let server: ChatServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

const KEY = "sk-very-secret-0123456789";

async function model(behave: Behaviour, options: Partial<RemoteOptions> = {}): Promise<RemoteModel> {
  server = await startChatServer(behave);
  return new RemoteModel({
    baseUrl: server.url,
    model: "tiny",
    backoffSeconds: 0.001,
    environment: { LLMREC_API_KEY: KEY },
    ...options,
  });
}

const echo: Behaviour = (response, body) => {
  sendJson(response, completion(`to ${body.messages[0].content}`));
};

async function failure(work: Promise<unknown>): Promise<LlmrecError> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(LlmrecError);
  expect(formatError(reportOf(error))).not.toContain(KEY);
  expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain(KEY);
  return error as LlmrecError;
}

describe("a server that works", () => {
  it("answers in the order of the prompts, with its token counts, within the concurrency", async () => {
    // The first three are held until all of them are here, then answered in the reverse order.
    const held: (() => void)[] = [];
    const remote = await model(
      (response, body, number) => {
        const answer = () => {
          sendJson(response, completion(`to ${body.messages[0].content}`));
        };
        if (number > 3) answer();
        else if (held.unshift(answer) === 3) for (const release of held) release();
      },
      { concurrency: 3, price: { prompt: 1, completion: 10 } },
    );
    const context = callContext();
    const order: number[] = [];
    const prompts = ["a", "b", "c", "d", "e", "f"];
    const answers = await remote.generate(prompts, { maxNewTokens: 7 }, context, (index) =>
      order.push(index),
    );
    expect(answers.map(({ text }) => text)).toEqual(prompts.map((p) => `to ${p}`));
    expect(order[0]).not.toBe(0);
    expect(server!.mostAtOnce()).toBe(3);
    expect(context.cost.total).toMatchObject({ llmCalls: 6, promptTokens: 60, completionTokens: 12 });
    expect(context.cost.total.usd).toBeCloseTo((60 * 1 + 12 * 10) / 1e6, 12);
    expect(server!.bodies[0]).toMatchObject({ model: "tiny", max_tokens: 7, temperature: 0 });
    expect(server!.bodies[0]).not.toHaveProperty("seed");
  });

  it("gets sampling, seeds, stop texts and messages", async () => {
    const remote = await model((response) => {
      sendJson(response, completion("one\ntwo"));
    });
    const [answer] = await remote.generate(
      [
        [
          { role: "system", content: "s" },
          { role: "user", content: "u" },
        ],
      ],
      { maxNewTokens: 5, temperature: 0.7, topP: 0.9, seed: [11], stop: ["\n"] },
      callContext(),
    );
    expect(server!.bodies[0]).toMatchObject({ temperature: 0.7, top_p: 0.9, seed: 11, stop: ["\n"] });
    expect(server!.bodies[0].messages).toEqual([
      { role: "system", content: "s" },
      { role: "user", content: "u" },
    ]);
    // This server ignores the stop text.
    expect(answer).toMatchObject({ text: "one", finish: "stop" });
  });

  it("is not asked faster than allowed", async () => {
    const remote = await model(echo, { requestsPerMinute: 1200, concurrency: 10 });
    const began = performance.now();
    await remote.generate(["a", "b", "c", "d"], { maxNewTokens: 1 }, callContext());
    // Four requests, 50 ms apart: a slow machine only takes longer. A timer may fire a little early.
    expect(performance.now() - began).toBeGreaterThan(3 * 50 - 10);
  });

  it("that wants max_completion_tokens gets it", async () => {
    const remote = await model(
      (response, body, number) => {
        if (body.max_tokens !== undefined) {
          const message = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.";
          sendJson(response, { error: { message } }, 400);
        } else echo(response, body, number, undefined as never);
      },
      { retries: 0 },
    );
    const answers = await remote.generate(["a", "b"], { maxNewTokens: 3 }, callContext());
    expect(answers[1].text).toBe("to b");
    expect(server!.bodies.at(-1)).toMatchObject({ max_completion_tokens: 3 });
  });
});

describe("choose", () => {
  const top = (entries: [string, number][]) => ({
    content: [
      {
        token: entries[0][0],
        logprob: Math.log(entries[0][1]),
        top_logprobs: entries.map(([token, p]) => ({ token, logprob: Math.log(p) })),
      },
    ],
  });
  const judged = (logprobs: unknown) => {
    const choice = {
      index: 0,
      finish_reason: "length",
      message: { role: "assistant", content: "Yes" },
      logprobs,
    };
    return completion("", { choices: [choice] });
  };

  it("adds up the tokens that a continuation begins with", async () => {
    const remote = await model((response) => {
      sendJson(
        response,
        judged(
          top([
            ["Yes", 0.5],
            [" Yes", 0.1],
            ["No", 0.2],
            ["Y", 0.05],
            ["\n", 0.05],
          ]),
        ),
      );
    });
    const question = { prompt: "?", continuations: [" Yes", " No"] };
    const [{ logProbs }] = await remote.choose([question], callContext());
    expect(logProbs[0]).toBeCloseTo(Math.log(0.65), 9);
    expect(logProbs[1]).toBeCloseTo(Math.log(0.2), 9);
    expect(server!.bodies[0]).toMatchObject({ logprobs: true, top_logprobs: 20, max_tokens: 1 });
  });

  it("bounds a continuation that isn't listed by what is left", async () => {
    const remote = await model((response) => {
      sendJson(
        response,
        judged(
          top([
            ["Yes", 0.9],
            ["Maybe", 0.07],
          ]),
        ),
      );
    });
    const [{ logProbs }] = await remote.choose(
      [{ prompt: "?", continuations: ["Yes", "No"] }],
      callContext(),
    );
    expect(logProbs[1]).toBeCloseTo(Math.log(0.03), 6);
  });

  it.each([
    ["no log-probabilities", completion("Yes"), "gives no log-probabilities"],
    [
      "none of the answers",
      judged(top([["Maybe", 0.9]])),
      'answers with none of ["Yes","No"]; it prefers "Maybe"',
    ],
  ])("%s", async (_, body, message) => {
    const remote = await model((response) => {
      sendJson(response, body);
    });
    const error = await failure(
      remote.choose([{ prompt: "?", continuations: ["Yes", "No"] }], callContext()),
    );
    expect(error.exit).toBe(EXIT.provider);
    expect(error.message).toContain(message);
  });

  it("can't tell apart what begins alike", async () => {
    const remote = await model((response) => {
      sendJson(response, judged(top([["The", 0.9]])));
    });
    const question = { prompt: "?", continuations: ["The Quiet Harbour", "The Iron Comet"] };
    expect((await failure(remote.choose([question], callContext()))).code).toBe("CHOICES_ALIKE");
  });

  it("does not believe impossible probabilities", async () => {
    const remote = await model(
      (response, _, number) => {
        sendJson(
          response,
          judged(
            number === 1
              ? top([["Yes", 3]])
              : top([
                  ["Yes", 0.6],
                  ["No", 0.4],
                ]),
          ),
        );
      },
      { retries: 1 },
    );
    const [{ logProbs }] = await remote.choose(
      [{ prompt: "?", continuations: ["Yes", "No"] }],
      callContext(),
    );
    expect(logProbs[0]).toBeCloseTo(Math.log(0.6), 9);
    expect(server!.bodies.length).toBe(2);
  });
});

describe("a server that fails", () => {
  it.each([
    [
      "429",
      (r: Parameters<Behaviour>[0]) => {
        sendJson(r, { error: { message: "slow down" } }, 429);
      },
    ],
    [
      "500",
      (r: Parameters<Behaviour>[0]) => {
        sendJson(r, { error: { message: "oops" } }, 500);
      },
    ],
    [
      "an answer cut short",
      (r: Parameters<Behaviour>[0]) => {
        r.writeHead(200, { "content-type": "application/json", "content-length": "500" });
        r.write('{"choices": [{"mess');
        setTimeout(() => r.destroy(), 5);
      },
    ],
    [
      "half of a JSON",
      (r: Parameters<Behaviour>[0]) => {
        r.writeHead(200, { "content-type": "application/json" });
        r.end('{"choices": [{"mess');
      },
    ],
    [
      "a page",
      (r: Parameters<Behaviour>[0]) => {
        r.writeHead(200, { "content-type": "text/html" });
        r.end("<html>Welcome</html>");
      },
    ],
    [
      "no choices",
      (r: Parameters<Behaviour>[0]) => {
        sendJson(r, completion("", { choices: [] }));
      },
    ],
    [
      "a number for a text",
      (r: Parameters<Behaviour>[0]) => {
        sendJson(r, completion("", { choices: [{ message: { content: 42 } }] }));
      },
    ],
    [
      "a broken connection",
      (r: Parameters<Behaviour>[0]) => {
        r.destroy();
      },
    ],
  ])("%s: is asked again, and succeeds in the end", async (_, fail) => {
    const remote = await model((response, body, number, request) => {
      if (number <= 2) fail(response);
      else echo(response, body, number, request);
    });
    const context = callContext();
    const [answer] = await remote.generate(["x"], { maxNewTokens: 1 }, context);
    expect(answer.text).toBe("to x");
    expect(server!.bodies.length).toBe(3);
    expect(context.cost.total.llmCalls).toBe(1);
  });

  it("is asked only once with 0 retries, and the error names it", async () => {
    const remote = await model(
      (response) => {
        sendJson(response, { error: { message: `no capacity for ${KEY}` } }, 503);
      },
      { retries: 0 },
    );
    const error = await failure(remote.generate(["x"], { maxNewTokens: 1 }, callContext()));
    expect(server!.bodies.length).toBe(1);
    expect(error.exit).toBe(EXIT.provider);
    expect(error.message).toBe(`${server!.url}: status 503 no capacity for [key]`);
  });

  it.each([400, 401, 403, 404])("%i is not asked again", async (status) => {
    const remote = await model((response) => {
      sendJson(response, { error: { message: "no" } }, status);
    });
    const error = await failure(remote.generate(["x"], { maxNewTokens: 1 }, callContext()));
    expect(server!.bodies.length).toBe(1);
    expect(error.hint).toBeTruthy();
  });

  it("waits as long as the server asks", async () => {
    const times: number[] = [];
    const remote = await model((response, body, number, request) => {
      times.push(performance.now());
      if (number === 1) sendJson(response, { error: { message: "wait" } }, 429, { "retry-after": "0.2" });
      else echo(response, body, number, request);
    });
    await remote.generate(["x"], { maxNewTokens: 1 }, callContext());
    expect(times[1] - times[0]).toBeGreaterThan(190);
  });

  it.each([
    ["before the headers", (): void => undefined],
    [
      "within the answer",
      (r: Parameters<Behaviour>[0]) => {
        r.writeHead(200, { "content-type": "application/json" });
        r.write('{"choices"');
      },
    ],
  ])("hangs %s: the time-out ends it", async (_, hang) => {
    const remote = await model(hang, { timeoutSeconds: 0.1, retries: 1 });
    const error = await failure(remote.generate(["x"], { maxNewTokens: 1 }, callContext()));
    expect(error.message).toBe(`${server!.url}: no answer in time after 2 tries`);
  });

  it("is down", async () => {
    const remote = await model(echo, { retries: 1 });
    const { url } = server!;
    await server!.close();
    const error = await failure(remote.generate(["x"], { maxNewTokens: 1 }, callContext()));
    expect(error.message).toContain(url);
    expect(error.message).toContain("ECONNREFUSED");
    expect(error.exit).toBe(EXIT.provider);
  });

  it("is interrupted at once, whatever it does", async () => {
    const controller = new AbortController();
    const remote = await model(() => undefined);
    const work = remote.generate(["x", "y"], { maxNewTokens: 1 }, callContext(controller));
    setTimeout(() => {
      controller.abort();
    }, 50);
    expect((await failure(work)).exit).toBe(EXIT.interrupted);
  });
});

describe("a server that lies", () => {
  it.each([
    ["no usage", { usage: undefined }],
    ["negative usage", { usage: { prompt_tokens: -5, completion_tokens: 2 } }],
    ["usage in words", { usage: { prompt_tokens: "many", completion_tokens: 2 } }],
  ])("%s: tokens are estimated, with one warning", async (_, changes) => {
    const remote = await model((response) => {
      sendJson(response, completion("12345678", changes));
    });
    const context = callContext();
    await remote.generate(["x".repeat(40), "y".repeat(40)], { maxNewTokens: 9 }, context);
    expect(context.cost.total).toMatchObject({ promptTokens: 20, completionTokens: 4 });
    expect(context.progress.warnings.length).toBe(1);
  });

  it("another model: a warning", async () => {
    const remote = await model((response) => {
      sendJson(response, completion("x", { model: "cheaper-one" }));
    });
    const context = callContext();
    await remote.generate(["a", "b"], { maxNewTokens: 1 }, context);
    expect(context.progress.warnings).toEqual([
      "asked for tiny, but the server says that it answers with cheaper-one",
    ]);
  });
});

describe("limits", () => {
  it("stops before a request once the money is spent, and keeps what it has", async () => {
    const remote = await model(echo, {
      price: { prompt: 1000, completion: 0 },
      maxCost: 0.025,
      concurrency: 1,
    });
    const kept: number[] = [];
    const work = remote.generate(["a", "b", "c", "d", "e"], { maxNewTokens: 1 }, callContext(), (i) =>
      kept.push(i),
    );
    const error = await failure(work);
    // 10 prompt tokens at 1,000 dollars a million: a cent each.
    expect(error).toMatchObject({ exit: EXIT.budget, code: "COST_LIMIT" });
    expect(kept).toEqual([0, 1, 2]);
    expect(server!.bodies.length).toBe(3);
  });

  it("a cost limit without a price is a usage error", () => {
    const options = { baseUrl: "http://localhost/v1", model: "m", maxCost: 1 };
    expect(() => new RemoteModel(options)).toThrow("a cost limit needs the price of m");
  });

  it("leaves out failed prompts up to the allowed number", async () => {
    const fails: Behaviour = (response, body, number, request) => {
      if (body.messages[0].content.startsWith("bad")) sendJson(response, { error: { message: "no" } }, 400);
      else echo(response, body, number, request);
    };
    const remote = await model(fails, { maxErrors: 2, concurrency: 1 });
    const answers = await remote.generate(["bad 1", "a", "bad 2", "b"], { maxNewTokens: 1 }, callContext());
    expect(answers.map(({ finish }) => finish)).toEqual(["error", "stop", "error", "stop"]);
    const error = await failure(remote.generate(["bad 3", "c"], { maxNewTokens: 1 }, callContext()));
    expect(error).toMatchObject({ exit: EXIT.budget, code: "ERROR_LIMIT" });
  });
});

describe("the key", () => {
  it("is sent as a bearer token and shown nowhere", async () => {
    const logged = [
      vi.spyOn(console, "log"),
      vi.spyOn(console, "error"),
      vi.spyOn(console, "warn"),
      vi.spyOn(console, "debug"),
    ];
    const remote = await model(echo);
    await remote.generate(["x"], { maxNewTokens: 1 }, callContext());
    expect(server!.headers[0].authorization).toBe(`Bearer ${KEY}`);
    expect(JSON.stringify(remote.identity)).not.toContain(KEY);
    for (const spy of logged) {
      expect(spy).not.toHaveBeenCalled();
      spy.mockRestore();
    }
  });

  it("of OpenAI goes to OpenAI only", async () => {
    const remote = await model(echo, { environment: { OPENAI_API_KEY: KEY } });
    await remote.generate(["x"], { maxNewTokens: 1 }, callContext());
    expect(server!.headers[0].authorization).toBe("Bearer none");
  });
});

describe("what a server can't do", () => {
  it("fails at once and says what can", async () => {
    const remote = new RemoteModel({ baseUrl: "http://localhost:1/v1", model: "m" });
    expect(
      (["generate", "choose", "embed", "encode", "tokenEmbeddings", "finetune"] as const).map((o) =>
        remote.supports(o),
      ),
    ).toEqual([true, true, false, false, false, false]);
    for (const work of [remote.embed(), remote.encode(), remote.tokenEmbeddings(), remote.tokenizer()]) {
      const error = await failure(work);
      expect(error).toMatchObject({ code: "UNSUPPORTED_OPERATION", exit: EXIT.provider });
      expect(error.hint).toContain("hf:ORG/NAME");
    }
    const held = remote.generate(["x"], { maxNewTokens: 1, allowed: ["a"] }, callContext());
    expect((await failure(held)).code).toBe("UNSUPPORTED_OPERATION");
  });
});
