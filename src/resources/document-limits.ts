/** How much of a file is worth reading. What is beyond is a finding, not a slow mesh. */
export const documentLimits = {
  fileBytes: 32 * 1024 * 1024,
  documentBytes: 4 * 1024 * 1024,
  /** Values in a document once its aliases are written out. */
  expandedValues: 100_000,
  aliases: 10_000,
  depth: 64,
  /** Beyond this, the second reader (a megabyte a second) is not asked. */
  secondReaderBytes: 512 * 1024,
} as const;
