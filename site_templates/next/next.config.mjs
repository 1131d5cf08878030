/** Everything Next can be told is in https://nextjs.org/docs/app/api-reference/config/next-config-js.
 * Deploying builds a program that runs for your visitors. With `output: 'export'` it makes plain files instead. */
const config = {
  devIndicators: false,
  poweredByHeader: false,
};

export default config;
