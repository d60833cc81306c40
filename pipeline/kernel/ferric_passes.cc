// SPDX-License-Identifier: GPL-2.0-only
/*
 * A plugin for GCC that turns off passes which write wrong code, and changes nothing else:
 *
 *	-fplugin=.../ferric_passes.so -fplugin-arg-ferric_passes-off=PREFIX
 *
 * GCC's own -fdisable-rtl-PASS does not know the passes that a target adds (GCC Internals,
 * "Plugins", PLUGIN_OVERRIDE_GATE).
 */
#include <string.h>

#include "gcc-plugin.h"
#include "plugin-version.h"
#include "context.h"
#include "tree-pass.h"

int plugin_is_GPL_compatible;

static void close_gate(void *gate, void *prefix)
{
	const char *wanted = (const char *)prefix;

	if (current_pass && !strncmp(current_pass->name, wanted, strlen(wanted)))
		*(bool *)gate = false;
}

int plugin_init(struct plugin_name_args *given, struct plugin_gcc_version *version)
{
	if (!plugin_default_version_check(version, &gcc_version))
		return 1;
	for (int at = 0; at < given->argc; at++)
		if (!strcmp(given->argv[at].key, "off") && given->argv[at].value)
			register_callback(given->base_name, PLUGIN_OVERRIDE_GATE, close_gate,
					  given->argv[at].value);
	return 0;
}
