export { BackOff } from './back-off.ts';
export { type Clock, systemClock } from './clock.ts';
