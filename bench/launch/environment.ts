/** What of the environment servers get: what somebody has set otherwise must not change a measurement. */
export function pathOnly(): Readonly<Record<string, string>> {
  // biome-ignore lint/style/noProcessEnv: programs are looked for where the user's are
  const { PATH } = process.env;
  return PATH === undefined ? {} : { PATH };
}
