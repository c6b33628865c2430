/** The name that the user probably meant: `workload_selector` and `workloadSelectr` both mean `workloadSelector`. */

/** The nearest of the candidates, or undefined when none is near. Costs nothing for names that are far too long. */
export function suggestName(written: string, candidates: Iterable<string>): string | undefined {
  if (written.length > 64) return undefined;
  const wanted = simplify(written);
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(wanted.length / 4)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(wanted, simplify(candidate));
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

function simplify(name: string): string {
  return name.replaceAll(/[-_ ]/g, '').toLowerCase();
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const replaced = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}
