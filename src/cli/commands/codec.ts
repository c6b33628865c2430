/** `isthmus codec list|decode`: which codecs there are, and what one makes of captured bytes. */
import { Command, Option } from 'commander';
import { ExitCode } from '../../model/errors.ts';
import type { Settle } from '../actions.ts';
import type { DecodeFlags } from '../codec-decoding.ts';
import { type OutputFormat, outputOption } from '../output.ts';

export function codecCommand(settle: Settle): Command {
  return new Command('codec')
    .description('Inspect codecs and try them on bytes.')
    .addHelpText('before', 'Example:\n  isthmus codec list\n')
    .addCommand(list())
    .addCommand(decode(settle));
}

function list(): Command {
  return new Command('list')
    .description('List the built-in codecs.')
    .addHelpText('before', 'Example:\n  isthmus codec list\n')
    .addOption(outputOption())
    .action(async (flags: { readonly output: OutputFormat }) => {
      const { listCodecs } = await import('../codec-decoding.ts');
      listCodecs(flags.output);
    });
}

function decode(settle: Settle): Command {
  return new Command('decode')
    .description('Decode captured bytes into frames.')
    .addHelpText(
      'before',
      'Examples:\n  isthmus codec decode --codec thrift --hex capture.hex\n  isthmus codec decode -f my-codec.yaml capture.bin\n  isthmus codec decode --codec ./my-codec.ts capture.bin\n',
    )
    .argument('<capture>', 'file with the bytes; - is standard input')
    .option(
      '--codec <name-or-module>',
      'a built-in codec, with or without its prefix; or a module that exports codecs of your own, as "proxy" takes it; may be repeated to choose one of a module, or with -f one of the file, by its name',
      (value: string, previous: readonly string[] = []) => [...previous, value],
    )
    .option('-f, --filename <file>', 'manifests, with the ProtocolCodec to decode with')
    .addOption(
      new Option('--direction <direction>', 'which side sent the bytes')
        .choices(['request', 'response'])
        .default('request'),
    )
    .option('--hex', 'the capture is hexadecimal text; blanks are ignored')
    .addOption(outputOption())
    .action(async (capture: string, flags: DecodeFlags) => {
      const { decodeCapture } = await import('../codec-decoding.ts');
      await decodeCapture(capture, flags);
      settle(ExitCode.ok);
    });
}
