/** What installs, removes and checks a control plane in a cluster. */
import type { InstallationActions } from '../../cli/installation-actions.ts';
import { checkCluster } from '../../cluster-commands/check/check.ts';
import { install, renderInstallation } from '../../cluster-commands/install/install.ts';
import { uninstall } from '../../cluster-commands/install/uninstall.ts';
import { parseSetting, parseTextSetting } from '../../cluster-commands/install/values.ts';

export const installation: InstallationActions = {
  install,
  renderInstallation,
  parseSetting,
  parseTextSetting,
  uninstall,
  checkCluster,
};
