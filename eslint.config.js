import js from "@eslint/js";
import importPlugin from "eslint-plugin-import";
import tseslint from "typescript-eslint";

/**
 * The floors of the house, each with what it stands on. An import may point to its own floor or to one below it, never
 * up: the rule that keeps every part understandable from below.
 */
const STANDS_ON = {
  core: [],
  engine: ["core"],
  llm: ["core", "engine"],
  metrics: ["core"],
  data: ["core"],
  tasks: ["core", "metrics", "data"],
  recommenders: ["core", "engine", "llm", "metrics", "data", "tasks"],
  methods: ["core", "engine", "llm", "metrics", "data", "tasks", "recommenders"],
  experiment: ["core", "engine", "llm", "metrics", "data", "tasks", "recommenders", "methods"],
  report: ["core", "metrics", "data", "tasks", "recommenders", "methods", "experiment"],
};

const floors = Object.keys(STANDS_ON);
const zones = floors.map((floor) => ({
  target: `./src/${floor}`,
  from: floors
    .filter((other) => other !== floor && !STANDS_ON[floor].includes(other))
    .map((other) => `./src/${other}`),
  message: `src/${floor} stands on ${STANDS_ON[floor].join(", ") || "nothing"}: imports point downward only.`,
}));
const noCommands = {
  target: "./src",
  from: ["./commands"],
  message: "src knows nothing of the command line.",
};

export default tseslint.config(
  { ignores: ["**/dist", "examples", "runs", "node_modules", "**/generated/**"] },
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  {
    files: ["**/*.ts"],
    languageOptions: { parserOptions: { project: "./tsconfig.json", tsconfigRootDir: import.meta.dirname } },
    plugins: { import: importPlugin },
    settings: {
      "import/resolver": { typescript: true, node: true },
      "import/parsers": { "@typescript-eslint/parser": [".ts"] },
    },
    rules: {
      "import/no-restricted-paths": ["error", { zones: [...zones, noCommands] }],
      "import/no-cycle": "error",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      // An index into a typed array that a loop has bounded needs no second look.
      "@typescript-eslint/no-non-null-assertion": "off",
    },
  },
  {
    files: ["**/*.js"],
    ...tseslint.configs.disableTypeChecked,
    languageOptions: { globals: { process: "readonly", console: "readonly" } },
  },
  {
    files: ["assets/report/*.js"],
    languageOptions: {
      sourceType: "script",
      globals: {
        document: "readonly",
        getSelection: "readonly",
        navigator: "readonly",
        ResizeObserver: "readonly",
      },
    },
  },
  {
    files: ["src/**/*.ts"],
    rules: {
      "no-restricted-imports": [
        "error",
        { paths: [{ name: "@oclif/core", message: "oclif stays in commands/." }] },
      ],
    },
  },
);
