// What is linted is named on the command line, in the Makefile.
import js from "@eslint/js";
import globals from "globals";

export default [
  js.configs.recommended,
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  {
    rules: {
      curly: ["error", "multi-line"],
      eqeqeq: "error",
      "no-var": "error",
      "prefer-const": ["error", { destructuring: "all" }],
    },
  },
  { files: ["templates/live/*.js"], languageOptions: { globals: globals.browser } },
  // JupyterLab loads it as a script.
  {
    files: ["templates/labextensions/**/*.js"],
    languageOptions: { globals: globals.browser, sourceType: "script" },
  },
  { files: [".ci/*.js", "tests/javascript/*.js"], languageOptions: { globals: globals.node } },
];
