import { describe, expect, it } from "vitest";
import { InterruptedError } from "../../src/core/errors.js";
import { Pace } from "../../src/core/pace.js";

describe("Pace", () => {
  it("lets an abort that comes from a timer end a loop that does not wait by itself", async () => {
    const stop = new AbortController();
    setTimeout(() => {
      stop.abort();
    }, 5);
    const pace = new Pace(stop.signal, 1);
    const loop = async () => {
      for (;;) if (pace.due()) await pace.breathe();
    };
    await expect(loop()).rejects.toBeInstanceOf(InterruptedError);
  });

  it("is not due before its time", async () => {
    const pace = new Pace(new AbortController().signal, 60_000);
    expect(pace.due()).toBe(false);
    await pace.breathe();
    expect(pace.due()).toBe(false);
  });
});
