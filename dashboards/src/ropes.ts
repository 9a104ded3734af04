// Rope tests in the order in which the safety department reads them.
import type { Rope, RopeTest, TestPoint } from "./wire";

/** The tests of one test point, newest first. */
export const testsOf = (tests: readonly RopeTest[], rope: Rope, point: TestPoint): RopeTest[] =>
  tests
    .filter((test) => test.rope === rope.id && test.test_point === point.id)
    .sort((a, b) => b.ended_ms - a.ended_ms);

/** The window nearest to its limit. */
export const worstWindow = (test: RopeTest) => [...test.windows].sort((a, b) => b.share - a.share)[0];

export const URGENT_VERDICTS = new Set(["warning", "action", "discard"]);
