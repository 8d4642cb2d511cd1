import fc from 'fast-check'

/**
 * Loaded before every test file (`node-arg` in .taprc): properties are tried with one known seed, so that a test that was
 * green stays green until something changes. `CHURNBENCH_TEST_SEED=random npm test` tries new ones, and a number repeats
 * them; what a random run finds goes into the `examples` of its property.
 */
const wanted = process.env.CHURNBENCH_TEST_SEED ?? '1'
if (wanted !== 'random') fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(wanted) })
