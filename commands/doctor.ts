import { EXIT, UsageError } from "../src/core/errors.js";
import { LlmrecCommand } from "./shared/base.js";

const LABELS = { ok: "ok  ", warn: "WARN", fail: "FAIL" };

export default class Doctor extends LlmrecCommand {
  static override summary = "Try everything that the program needs on this machine; needs no network.";

  static override examples = ["<%= config.bin %> doctor", "<%= config.bin %> doctor --json"];

  override async run(): Promise<unknown> {
    await this.parse(Doctor);
    const { examine } = await import("../src/experiment/doctor.js");
    const checks = await examine({ cache: this.datasetCache, out: "runs", environment: process.env });
    for (const { name, status, detail, hint } of checks) {
      this.log(`${LABELS[status]}  ${name.padEnd(22)}  ${detail}`);
      if (hint !== null) this.log(`${" ".repeat(30)}${hint}`);
    }
    const result = { ...this.envelope(), checks, warnings: this.progress.warnings };
    const failed = checks.filter(({ status }) => status === "fail").map(({ name }) => name);
    if (failed.length === 0) return result;
    process.exitCode = EXIT.usage;
    const error = new UsageError("UNFIT", `not all is well: ${failed.join(", ")}`).toReport();
    if (!this.jsonEnabled()) process.stderr.write(`error: ${error.message}\n`);
    return { ...result, error };
  }
}
