import type { Hook } from "@oclif/core";
import { EXIT, formatError, UsageError } from "../../src/core/errors.js";
import { suggestName } from "../../src/core/names.js";

/** What a mistyped command gets: the nearest name, and the exit code of every other usage error. */
const commandNotFound: Hook.CommandNotFound = ({ id, config }) => {
  const known = config.commandIDs.map((name) => name.replaceAll(":", " ")).sort();
  const typed = id.replaceAll(":", " ");
  const error = new UsageError("UNKNOWN_COMMAND", `there is no command ${typed}`, {
    hint: suggestName(typed, known),
  });
  process.stderr.write(`error: ${formatError(error.toReport())}\n`);
  process.exit(EXIT.usage);
};

export default commandNotFound;
