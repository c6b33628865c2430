import { shop } from './customer.ts';

await shop('bookthief');
