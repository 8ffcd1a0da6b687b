import js from '@eslint/js';
import jest from 'eslint-plugin-jest';
import tseslint from 'typescript-eslint';

const AWS_ONLY_IN_LIB_AWS = {
  patterns: [
    {
      group: ['@aws-sdk/*', '@smithy/*', '@aws-lambda-powertools/*'],
      message: 'Only lib/aws talks to AWS: add to a port instead.',
    },
  ],
};

export default tseslint.config(
  { ignores: ['.serverless/', '.esbuild/', 'coverage/', 'node_modules/'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      'no-restricted-imports': ['error', AWS_ONLY_IN_LIB_AWS],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: true }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
    },
  },
  { files: ['lib/aws/**', 'test/**'], rules: { 'no-restricted-imports': 'off' } },
  {
    files: ['test/**/*.ts'],
    ...jest.configs['flat/recommended'],
    rules: {
      ...jest.configs['flat/recommended'].rules,
      'jest/expect-expect': ['error', { assertFunctionNames: ['expect*', '**.expect*', 'fc.assert'] }],
      // The contracts are suites that adapters' tests call.
      'jest/no-export': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
  {
    files: ['lib/ui/page/*.js'],
    // tsc checks its types (test/ui/tsconfig.json) and knows all that a browser has.
    rules: { 'no-undef': 'off' },
  },
  { files: ['*.js'], languageOptions: { globals: { process: 'readonly' } } },
);
