// SPDX-License-Identifier: GPL-2.0-only
/*
 * Says how much of the kernel's stack the init and the exit of every other module take.
 *
 * When a module is about to be initialised, its init and exit are replaced by functions of ours.
 * They fill what is left of the stack of the task that loads or unloads it with a pattern, call the
 * module, and look how far the pattern is gone:
 *
 *	ferric_stack: NAME init TOTAL OWN
 *
 * TOTAL are the bytes between the stack pointer of the call and the last word that was changed:
 * the module's own functions, the kernel's that they call, and whatever interrupt came meanwhile on
 * the same stack.  OWN are the bytes up to the last word that holds an address in the module's
 * code: that is the return address of the deepest call which the module made, where the
 * architecture keeps it in the frame of the caller.  Both are 0 where less was taken than
 * GAP, which is as close to our own frame as may be written.
 */
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/sched.h>
#include <linux/sched/task_stack.h>
#include <linux/version.h>

#define PATTERN ((unsigned long)0x57ac57ac57ac57acULL)
#define GAP 256
#define MOST 16

#ifdef CONFIG_S390
/* GCC's canonical frame address is behind the area that the caller gives the callee. */
#define ABOVE 160
#else
#define ABOVE 0
#endif

static struct watched {
	struct module *module;
	int (*init)(void);
	void (*exit)(void);
} all[MOST];

/* Return the word of this task's stack that is n words before its last one. */
static unsigned long *before_end(unsigned long n)
{
#ifdef CONFIG_STACK_GROWSUP
	return end_of_stack(current) - n;
#else
	return end_of_stack(current) + n;
#endif
}

/* Return how many bytes there are from a place on the stack to the end of the nth word. */
static unsigned long bytes(unsigned long place, unsigned long n)
{
#ifdef CONFIG_STACK_GROWSUP
	return (unsigned long)(before_end(n) + 1) - place;
#else
	return place - (unsigned long)before_end(n);
#endif
}

/* Fill the stack, and return the stack pointer of the caller.  No call: it would be written over. */
static noinline notrace unsigned long fill(void)
{
	unsigned long here = (unsigned long)__builtin_frame_address(0);
	unsigned long n;

	/* The last word is the kernel's own mark. */
	for (n = 1; bytes(here, n) > GAP; n++)
		WRITE_ONCE(*before_end(n), PATTERN);
	return (unsigned long)__builtin_dwarf_cfa() - ABOVE;
}

static bool in_code(const struct module *module, unsigned long value)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 4, 0)
	return within_module_mem_type(value, module, MOD_TEXT) ||
	       within_module_mem_type(value, module, MOD_INIT_TEXT);
#else
	return value - (unsigned long)module->core_layout.base < module->core_layout.text_size ||
	       value - (unsigned long)module->init_layout.base < module->init_layout.text_size;
#endif
}

static noinline void look(const struct watched *one, const char *what, unsigned long base)
{
	unsigned long n = 1, total, own;

	while (bytes(base, n) > GAP && READ_ONCE(*before_end(n)) == PATTERN)
		n++;
	total = bytes(base, n) > GAP ? bytes(base, n) : 0;
	while (bytes(base, n) > GAP && !in_code(one->module, READ_ONCE(*before_end(n))))
		n++;
	own = bytes(base, n) > GAP ? bytes(base, n) : 0;
	pr_info("ferric_stack: %s %s %lu %lu\n", one->module->name, what, total, own);
}

static struct watched *watched(const struct module *module)
{
	unsigned int i;

	for (i = 0; i < MOST; i++)
		if (all[i].module == module)
			return &all[i];
	return NULL;
}

/* One task does all: so one module at most is in a state that passes. */
static struct watched *in_state(enum module_state state)
{
	unsigned int i;

	for (i = 0; i < MOST; i++)
		if (all[i].module && all[i].module->state == state)
			return &all[i];
	return NULL;
}

static int init_of_another(void)
{
	struct watched *one = in_state(MODULE_STATE_COMING);
	unsigned long base;
	int result;

	if (WARN_ON(!one))
		return -EINVAL;
	base = fill();
	result = one->init();
	look(one, "init", base);
	return result;
}

static void exit_of_another(void)
{
	struct watched *one = in_state(MODULE_STATE_GOING);
	unsigned long base;

	if (WARN_ON(!one))
		return;
	base = fill();
	one->exit();
	look(one, "exit", base);
}

static int notified(struct notifier_block *block, unsigned long state, void *data)
{
	struct module *module = data;
	struct watched *one = watched(state == MODULE_STATE_COMING ? NULL : module);

	if (!one)
		return NOTIFY_DONE;
	if (state == MODULE_STATE_COMING) {
		*one = (struct watched){ .module = module, .init = module->init };
		if (module->init)
			module->init = init_of_another;
#ifdef CONFIG_MODULE_UNLOAD
		one->exit = module->exit;
		if (module->exit)
			module->exit = exit_of_another;
#endif
	} else if (state == MODULE_STATE_GOING) {
		one->module = NULL;
	}
	return NOTIFY_DONE;
}

static struct notifier_block block = { .notifier_call = notified };

static int __init start(void)
{
	return register_module_notifier(&block);
}
module_init(start);
/* There is no exit: modules that were changed would call what is gone. */

MODULE_DESCRIPTION("Measures the stack that other modules take");
MODULE_LICENSE("GPL");
