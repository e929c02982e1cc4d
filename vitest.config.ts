import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: "test/temporary.ts",
    // Generous, for busy machines: a hung test ends, and no test asserts a time.
    testTimeout: 240_000,
    hookTimeout: 240_000,
    // Two cores: ONNX Runtime already uses both, and native addons want a process of their own.
    pool: "forks",
    maxWorkers: 2,
  },
});
