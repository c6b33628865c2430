/** Why a resource cannot be taken: told to the control plane in a NACK, or to the user of a bootstrap file. */
export class Rejection extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'Rejection';
  }
}

/** Adds where in the resource it was. */
export function within<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof Rejection) throw new Rejection(`${path}: ${error.message}`);
    throw error;
  }
}
