import eslint from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

export default defineConfig(
  globalIgnores(['dist/', 'build*/', '.venv/', 'prebuilds/']),
  eslint.configs.recommended,
  {
    files: ['**/*.{ts,mts}'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      // Numbers in messages read better bare than wrapped in String().
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      eqeqeq: 'error',
      // The compiler knows which calls never return.
      'no-fallthrough': 'off',
    },
  },
  {
    files: ['lib/**/*.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          // These never leave the library: who catches one made it.
          selector:
            "BinaryExpression[operator='instanceof'][right.name!=/^(Aborted|NoRoom|TransientFailure|UsageError|WrongBytes)$/]",
          message: 'Values may come from another realm (jest, vitest, node:vm): tell them by what they carry.',
        },
      ],
    },
  },
  {
    files: ['test/**/*.{ts,mts}'],
    rules: {
      // A test that meets an unexpected null should fail on the spot.
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
  {
    files: ['**/*.mjs', '**/*.cjs'],
    languageOptions: {
      globals: Object.fromEntries(
        ['console', 'process', 'performance', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'URL'].map(
          (name) => [name, 'readonly'],
        ),
      ),
    },
    rules: { eqeqeq: 'error' },
  },
);
