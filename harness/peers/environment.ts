/** Environment variables, as a parameter: tests look for programs on a `PATH` of their own. */
export type Environment = Readonly<Record<string, string | undefined>>
