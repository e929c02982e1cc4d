import { createReadStream, existsSync } from "node:fs";
import { type FileHandle, mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import { DataError } from "../../core/errors.js";
import { fileError } from "../../core/files.js";
import { hashOf } from "../../core/hash.js";
import type { Choice, Generation, ModelIdentity } from "../language-model.js";
import { promptHash, type RecordedRequest } from "./request.js";

/** One line of a recording. */
export interface RecordedCall {
  readonly model: ModelIdentity;
  /** {@link promptHash}, to find a line by. */
  readonly prompt: string;
  readonly request: RecordedRequest;
  readonly answer: Generation | Choice;
}

/** Name of a call: model and request. */
export function callKey(modelHash: string, request: RecordedRequest): string {
  return hashOf({ model: modelHash, request });
}

/** Lines of a file with the byte that each begins at; the last may lack its line feed. */
export async function* linesOf(path: string): AsyncGenerator<{ text: string; from: number; whole: boolean }> {
  let rest: Buffer = Buffer.alloc(0);
  let from = 0;
  for await (const chunk of createReadStream(path)) {
    rest = rest.length === 0 ? (chunk as Buffer) : Buffer.concat([rest, chunk as Buffer]);
    let begin = 0;
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10, begin)) {
      yield { text: rest.toString("utf8", begin, end), from: from + begin, whole: true };
      begin = end + 1;
    }
    rest = rest.subarray(begin);
    from += begin;
  }
  if (rest.length > 0) yield { text: rest.toString("utf8"), from, whole: false };
}

/** A line as a recorded call; undefined where it is something else. */
export function asRecordedCall(value: unknown): RecordedCall | undefined {
  const call = value as Partial<RecordedCall> | null;
  const isOurs =
    typeof call?.model?.hash === "string" &&
    typeof call.request?.op === "string" &&
    typeof call.answer === "object";
  return isOurs ? (call as RecordedCall) : undefined;
}

/**
 * Calls of language models in a JSONL file, one a line, found by the hash of model and request. Only the places of the lines are in
 * memory. A line is written as soon as its answer is known; half a line that a killed run left at the end is cut off.
 */
export class RecordingStore {
  private writing: Promise<unknown> = Promise.resolve();

  private constructor(
    readonly path: string,
    private readonly handle: FileHandle,
    private readonly places: Map<string, { from: number; length: number }>,
    private end: number,
  ) {}

  /** Opens a recording, or begins one. */
  static async open(path: string): Promise<RecordingStore> {
    const places = new Map<string, { from: number; length: number }>();
    let end = 0;
    let number = 0;
    try {
      await mkdir(dirname(path), { recursive: true });
      if (existsSync(path)) {
        for await (const { text, from, whole } of linesOf(path)) {
          number++;
          if (!whole) break;
          const length = Buffer.byteLength(text);
          end = from + length + 1;
          const call = asRecordedCall(parseLine(text));
          if (call === undefined) {
            throw new DataError("BAD_RECORDING", "not a recorded call", { file: path, line: number });
          }
          places.set(callKey(call.model.hash, call.request), { from, length });
        }
      }
      const handle = await open(path, existsSync(path) ? "r+" : "w+");
      await handle.truncate(end);
      return new RecordingStore(path, handle, places, end);
    } catch (error) {
      throw fileError(error, path);
    }
  }

  /** How many different calls are recorded. */
  get size(): number {
    return this.places.size;
  }

  async find(modelHash: string, request: RecordedRequest): Promise<RecordedCall | undefined> {
    const place = this.places.get(callKey(modelHash, request));
    if (place === undefined) return undefined;
    await this.writing;
    const bytes = Buffer.alloc(place.length);
    await this.handle.read(bytes, 0, place.length, place.from);
    return JSON.parse(bytes.toString("utf8")) as RecordedCall;
  }

  /** Queues a line; {@link flush} waits for it and tells whether it failed. */
  add(model: ModelIdentity, request: RecordedRequest, answer: Generation | Choice): void {
    const call: RecordedCall = { model, prompt: promptHash(request.prompt), request, answer };
    const bytes = Buffer.from(JSON.stringify(call) + "\n");
    const from = this.end;
    this.end += bytes.length;
    this.places.set(callKey(model.hash, request), { from, length: bytes.length - 1 });
    this.writing = this.writing.then(() => this.handle.write(bytes, 0, bytes.length, from));
  }

  async flush(): Promise<void> {
    try {
      await this.writing;
    } catch (error) {
      throw fileError(error, this.path);
    }
  }

  async close(): Promise<void> {
    await this.flush();
    await this.handle.close();
  }
}

/** undefined where it is no JSON. */
export function parseLine(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
