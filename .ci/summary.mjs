/** Sums vitest's JSON results into the one closing line. A missing result, or a run without tests, is a failure. */
import { readFileSync } from 'node:fs';

const total = { passed: 0, failed: 0, skipped: 0 };
for (const file of process.argv.slice(2)) {
  try {
    const result = JSON.parse(readFileSync(file, 'utf8'));
    total.passed += result.numPassedTests;
    total.failed += result.numFailedTests + (result.numTotalTests === 0 ? 1 : 0);
    total.skipped += result.numPendingTests + result.numTodoTests;
    if (!result.success && result.numFailedTests === 0) total.failed += 1;
  } catch (error) {
    console.error(`no result in ${file.split('/').at(-1)}: ${error.message}`);
    total.failed += 1;
  }
}
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(total.failed === 0 ? 0 : 1);
