// Closes a run of more than one file with the name of every skipped test, so that nothing is
// left out quietly, and with one plain line of counts.
export default class ClosingReport {
  onRunComplete(_contexts, results) {
    const skipped = results.testResults.flatMap((file) =>
      file.testResults.filter((test) => test.status === 'pending').map((test) => test.fullName),
    );
    for (const name of skipped) console.error(`skipped: ${name}`);
    const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites } = results;
    console.log(
      `${numPassedTests} passed, ${numFailedTests + numRuntimeErrorTestSuites} failed, ${skipped.length} skipped`,
    );
  }
}
