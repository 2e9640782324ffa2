// What ESLint looks for. Names that nobody defines, and wrong types, are TypeScript's to find.

import { createRequire } from "node:module";

// The packages lie in the environment, not beside this file: nothing of them can be served.
const js = createRequire(process.argv[1])("@eslint/js");

export default [
  js.configs.recommended,
  {
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      "no-undef": "off", // tsc knows the browser's names
      "array-callback-return": "error",
      "consistent-return": "error",
      "default-case-last": "error",
      eqeqeq: "error",
      "no-alert": "error",
      "no-console": "error",
      "no-else-return": "error",
      "no-eval": "error",
      "no-implied-eval": "error",
      "no-lonely-if": "error",
      "no-new-func": "error",
      "no-param-reassign": "error",
      "no-promise-executor-return": "error",
      "no-return-assign": "error",
      "no-script-url": "error",
      "no-self-compare": "error",
      "no-shadow": "error",
      "no-template-curly-in-string": "error",
      "no-throw-literal": "error",
      "no-unneeded-ternary": "error",
      "no-unused-expressions": "error",
      "no-use-before-define": ["error", { functions: false, classes: false, variables: false }],
      "no-useless-concat": "error",
      "no-useless-rename": "error",
      "no-useless-return": "error",
      "no-var": "error",
      "object-shorthand": "error",
      "prefer-const": "error",
      "prefer-rest-params": "error",
      "prefer-spread": "error",
      "prefer-template": "error",
      yoda: "error",
    },
  },
  {
    // Classic scripts: what they declare outside of a function would be everybody's.
    files: ["**/static/workflows/*.js"],
    languageOptions: { sourceType: "script" },
    rules: { strict: ["error", "global"], "no-implicit-globals": "error" },
  },
];
