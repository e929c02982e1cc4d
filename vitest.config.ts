import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 60_000,
    // Two cores: ONNX Runtime already uses both, and native addons want a process of their own.
    pool: "forks",
    maxWorkers: 2,
  },
});
