/** A finding as kubectl shows it to who sent the object: it names the object itself. */
import { endSentence, type Finding } from '../../../model/finding.ts';
import { visibleText } from '../../../model/visible-text.ts';

/** `ISTH0210 spec.routes[0].route: The weights add up to 90. Let them add up to 100.` */
export function admissionText({ code, path, message, remedy }: Finding): string {
  const at = path === '' ? '' : ` ${path}`;
  return visibleText(`${code}${at}: ${endSentence(message)}${remedy === '' ? '' : ` ${remedy}`}`);
}

/** Whether two findings say the same of the same thing. */
export function saysSame(one: Finding, other: Finding): boolean {
  return one.code === other.code && one.path === other.path && one.message === other.message;
}
