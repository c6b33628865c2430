/** Of requests that change something: who asks, as they call themselves. Nothing is permitted by it. */
export const callerHeader = 'x-isthmus-caller';
