/** `/uplot.js` is served from the package as it is. */
export { default } from 'uplot';
