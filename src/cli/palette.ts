/** Colours are for a person who looks: the library also gives them to a log that is kept, wherever CI is set. */
import picocolors from 'picocolors';

export const palette = picocolors.createColors(wantsColour(process.env));

function wantsColour({ NO_COLOR, FORCE_COLOR }: NodeJS.ProcessEnv): boolean {
  if (NO_COLOR) return false;
  return FORCE_COLOR === undefined ? process.stdout.isTTY === true : !['0', 'false'].includes(FORCE_COLOR);
}
