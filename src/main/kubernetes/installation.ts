/** What installs, removes and checks a control plane in a cluster. */
import type { InstallationActions } from '../../cli/installation-actions.ts';
import { checkCluster } from './check/check.ts';
import { install, renderInstallation } from './install/install.ts';
import { uninstall } from './install/uninstall.ts';
import { parseSetting } from './install/values.ts';

export const installation: InstallationActions = { install, renderInstallation, parseSetting, uninstall, checkCluster };
