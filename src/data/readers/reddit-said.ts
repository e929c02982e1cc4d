import type { Turn } from "../dialogue.js";
import { parsePython, PythonSyntaxError, type PythonValue } from "./python-literal.js";

/** Who said what, films still as their ids. */
export interface Said {
  readonly role: Turn["role"];
  readonly text: string;
}

const ROLES: ReadonlyMap<PythonValue, Turn["role"]> = new Map([
  ["USER", "seeker"],
  ["SYSTEM", "recommender"],
]);

/**
 * A turn, `['USER', 'Something like tt0000001?']`: who asks in a thread is the user, everybody else the system.
 * @param isSeeker - the column of that name: it decides where the literal has a text alone.
 * @throws Error with what is wrong
 */
export function parseSaid(literal: string, isSeeker: string | null): Said {
  return said(parsed(literal), isSeeker);
}

/** The turns before one, `[['USER', '...'], ['SYSTEM', '...']]`. @throws Error with what is wrong */
export function parseContext(literal: string): Said[] {
  const value = parsed(literal);
  if (!Array.isArray(value)) throw new Error("a list of turns is needed");
  return value.map((turn) => said(turn, null));
}

function parsed(literal: string): PythonValue {
  try {
    return parsePython(literal);
  } catch (error) {
    if (!(error instanceof PythonSyntaxError)) throw error;
    throw new Error(`this is no Python literal: ${error.message} at its character ${error.at + 1}`, {
      cause: error,
    });
  }
}

function said(value: PythonValue, isSeeker: string | null): Said {
  const parts = Array.isArray(value) ? value : [value];
  const text = parts.at(-1);
  if (parts.length > 2 || typeof text !== "string") throw new Error("a role and a text are needed");
  const role = parts.length === 2 ? ROLES.get(parts[0]) : columnRole(isSeeker);
  if (role !== undefined) return { role, text };
  throw new Error(
    parts.length === 2
      ? `${JSON.stringify(parts[0])} is neither USER nor SYSTEM`
      : "it does not say who speaks, nor does is_seeker",
  );
}

function columnRole(isSeeker: string | null): Turn["role"] | undefined {
  switch (isSeeker?.toLowerCase()) {
    case "true":
      return "seeker";
    case "false":
      return "recommender";
    default:
      return undefined;
  }
}
