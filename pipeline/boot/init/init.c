// SPDX-License-Identifier: GPL-2.0-only
/*
 * The first and only program of a disposable kernel: does what /plan says, one step a line, tells
 * of each in KTAP, and switches the machine off.
 *
 * There is no libc under it and no libgcc: Debian has none that works for all architectures.  The
 * entry point and the system call are in the architecture's own file beside this one; numbers come
 * from the headers of the kernel tree.  No 64-bit arithmetic, and no division: on several
 * architectures these are calls into a library.
 *
 * Everything is said through /dev/kmsg: so a line of ours is never in the middle of one of the
 * kernel's, and they come in the order in which they happened.
 *
 *	mount TYPE FOLDER       mount a file system without a device
 *	load NAME [PARAMETERS]  load /modules/NAME.ko
 *	unload NAME             unload a module
 *	try FILE [NAME]         load /modules/FILE and say what the kernel answered, whatever it is;
 *	                        unload NAME where it was loaded
 *	write PATH TEXT         write TEXT and a newline
 *	read PATH               read once, and show it
 *	cat PATH                read to the end, and show it
 *	echo TEXT               show TEXT
 *	repeat N STEP           do STEP N times, up to the first that fails
 *	both STEP | STEP        do two steps one after the other as one (inside repeat)
 *	fails ERRNO STEP        do STEP, which is to fail with this error
 */
#include <asm/errno.h>
#include <asm/unistd.h>
#include <linux/reboot.h>

/* The same for all (include/uapi/asm-generic/fcntl.h); that header needs the kernel's own. */
#define AT_ROOT (-100) /* AT_FDCWD; paths are absolute */
#define O_RDONLY 0
#define O_WRONLY 1
#define MOST_PLAN (256 * 1024)
#define MOST_LINE 800 /* the kernel cuts a record of /dev/kmsg at somewhat less than 1024 */
#define MOST_PATH 256
#define MOST_DEPTH 4

long system_call(long number, long a, long b, long c, long d, long e);
void start_c(void);

static char plan[MOST_PLAN + 1];
static char line[MOST_LINE + 1];
static int used;
static int console = 1;

static const struct {
	const char *name;
	int number;
} errors[] = {
#define ERROR(name) { #name, name }
	ERROR(EPERM), ERROR(ENOENT), ERROR(EIO), ERROR(ENXIO), ERROR(ENOEXEC), ERROR(EBADF),
	ERROR(EAGAIN), ERROR(ENOMEM), ERROR(EACCES), ERROR(EFAULT), ERROR(EBUSY), ERROR(EEXIST),
	ERROR(ENODEV), ERROR(EINVAL), ERROR(ENOTTY), ERROR(EFBIG), ERROR(ENOSPC), ERROR(ESPIPE),
	ERROR(EROFS), ERROR(EPIPE), ERROR(EDOM), ERROR(ERANGE), ERROR(ENOSYS), ERROR(ELOOP),
	ERROR(EOVERFLOW), ERROR(EOPNOTSUPP), ERROR(ETIMEDOUT), ERROR(EBADMSG), ERROR(ENOKEY),
	ERROR(EKEYREJECTED), ERROR(ENOPKG), ERROR(EMSGSIZE), ERROR(ENODATA), ERROR(EINTR),
};

static void put_char(char c)
{
	if (used < MOST_LINE)
		line[used++] = c;
}

static void put(const char *text)
{
	while (*text)
		put_char(*text++);
}

static void put_number(unsigned long value)
{
	static const unsigned long powers[] = { 1000000000, 100000000, 10000000, 1000000, 100000,
						10000,	    1000,      100,	 10,	  1 };
	int begun = 0;

	for (int i = 0; i < 10; i++) {
		char digit = '0';

		while (value >= powers[i]) {
			value -= powers[i];
			digit++;
		}
		begun |= digit != '0' || powers[i] == 1;
		if (begun)
			put_char(digit);
	}
}

/* Say the line that was put together; a record of its own for the kernel's log. */
static void say(void)
{
	put_char('\n');
	line[used - 1] = '\n';
	system_call(__NR_write, console, (long)line, used, 0, 0);
	used = 0;
}

static void put_error(long error)
{
	int i;

	put(" # errno=");
	put_number(error);
	for (i = 0; i < (int)(sizeof(errors) / sizeof(errors[0])); i++) {
		if (errors[i].number == error) {
			put_char(' ');
			put(errors[i].name);
		}
	}
}

static int same(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

/* Cut the first word off `*rest`, in place, and return it. */
static char *word(char **rest)
{
	char *start = *rest, *at = start;

	while (*at && *at != ' ')
		at++;
	if (*at)
		*at++ = '\0';
	*rest = at;
	return start;
}

static long number(const char *text)
{
	long value = 0;

	while (*text >= '0' && *text <= '9' && value < 100000000)
		value = (value << 3) + (value << 1) + (*text++ - '0');
	return *text ? -1 : value;
}

static long length(const char *text)
{
	long count = 0;

	while (text[count])
		count++;
	return count;
}

static long open_file(const char *path, long flags)
{
	return system_call(__NR_openat, AT_ROOT, (long)path, flags, 0, 0);
}

static void close_file(long file)
{
	system_call(__NR_close, file, 0, 0, 0, 0);
}

/* Load /modules/<name><suffix>: 0, or -errno. */
static long load(const char *name, const char *suffix, const char *parameters)
{
	static char path[MOST_PATH];
	const char *parts[] = { "/modules/", name, suffix };
	int at = 0;
	long file, result;

	for (int i = 0; i < 3; i++) {
		for (const char *from = parts[i]; *from; from++) {
			if (at == MOST_PATH - 1)
				return -EINVAL;
			path[at++] = *from;
		}
	}
	path[at] = '\0';
	file = open_file(path, O_RDONLY);
	if (file < 0)
		return file;
	result = system_call(__NR_finit_module, file, (long)parameters, 0, 0, 0);
	close_file(file);
	return result;
}

static long unload(const char *name)
{
	return system_call(__NR_delete_module, (long)name, 0, 0, 0, 0);
}

/* Show bytes as lines of comment; what cannot be printed as a dot. */
static void show(const char *bytes, long count)
{
	for (long i = 0; i < count; i++) {
		if (used == 0)
			put("# ");
		if (bytes[i] == '\n')
			say();
		else
			put_char(bytes[i] == '\t' || (bytes[i] >= ' ' && bytes[i] <= '~') ? bytes[i] :
											    '.');
	}
}

static long show_file(const char *path, int whole)
{
	static char buffer[4096];
	long got, file = open_file(path, O_RDONLY);

	if (file < 0)
		return file;
	do {
		got = system_call(__NR_read, file, (long)buffer, whole ? sizeof(buffer) : 256, 0, 0);
		if (got > 0)
			show(buffer, got);
	} while (whole && got > 0);
	if (used)
		say();
	close_file(file);
	return got < 0 ? got : 0;
}

static long write_file(const char *path, char *text)
{
	long got, count = length(text), file = open_file(path, O_WRONLY);

	if (file < 0)
		return file;
	text[count] = '\n'; /* the plan has a byte there, its newline or the NUL behind it */
	got = system_call(__NR_write, file, (long)text, count + 1, 0, 0);
	text[count] = '\0';
	close_file(file);
	if (got < 0)
		return got;
	return got == count + 1 ? 0 : -EIO;
}

static long try_file(char *rest)
{
	char *file = word(&rest);
	long result = load(file, "", "");

	put("# try ");
	put(file);
	put(result ? " refused" : " loaded");
	if (result)
		put_error(-result);
	say();
	return result == 0 && *rest ? unload(rest) : 0;
}

static long do_step(char *rest, int depth);

static long repeat(char *rest, int depth)
{
	static char copies[MOST_DEPTH][MOST_LINE];
	long times = number(word(&rest)), result = 0;
	char *copy = copies[depth];

	if (times < 0 || length(rest) >= MOST_LINE)
		return -EINVAL;
	while (times-- > 0 && result == 0) {
		/* A step is cut into words where it stands. */
		for (long i = 0; i <= length(rest); i++)
			copy[i] = rest[i];
		result = do_step(copy, depth + 1);
	}
	return result;
}

static long both(char *rest, int depth)
{
	char *second = rest;
	long result;

	while (*second && *second != '|')
		second++;
	if (second == rest || second[0] != '|' || second[1] != ' ' || second[-1] != ' ')
		return -EINVAL;
	second[-1] = '\0';
	result = do_step(rest, depth + 1);
	return result ? result : do_step(second + 2, depth + 1);
}

/* Do a step that is to fail: 0 where it does, with the error that is named. */
static long fails(char *rest, int depth)
{
	char *name = word(&rest);
	long result = do_step(rest, depth + 1);

	for (int i = 0; i < (int)(sizeof(errors) / sizeof(errors[0])); i++) {
		if (errors[i].number == -result && same(errors[i].name, name))
			return 0;
	}
	put("# failed with");
	put_error(-result);
	say();
	return -EINVAL;
}

/* Do one step: 0, or -errno. */
static long do_step(char *rest, int depth)
{
	char *what = word(&rest);

	if (depth == MOST_DEPTH)
		return -EINVAL;
	if (same(what, "load")) {
		char *name = word(&rest);

		return load(name, ".ko", rest);
	}
	if (same(what, "unload"))
		return unload(rest);
	if (same(what, "try"))
		return try_file(rest);
	if (same(what, "mount")) {
		char *type = word(&rest);

		return system_call(__NR_mount, (long)type, (long)rest, (long)type, 0, 0);
	}
	if (same(what, "write")) {
		char *path = word(&rest);

		return write_file(path, rest);
	}
	if (same(what, "read"))
		return show_file(rest, 0);
	if (same(what, "cat"))
		return show_file(rest, 1);
	if (same(what, "echo")) {
		show(rest, length(rest));
		if (used)
			say();
		return 0;
	}
	if (same(what, "repeat"))
		return repeat(rest, depth);
	if (same(what, "both"))
		return both(rest, depth);
	if (same(what, "fails"))
		return fails(rest, depth);
	return -ENOSYS;
}

/* Say how a step ended; its text up to what KTAP would take for a directive. */
static void say_result(long step, const char *text, long result)
{
	put(result ? "not ok " : "ok ");
	put_number(step);
	put(" - ");
	while (*text && *text != '#' && used < MOST_LINE - 80)
		put_char(*text++);
	if (result)
		put_error(-result);
	say();
}

/* Read the plan; the number of its lines, or -errno. */
static long read_plan(void)
{
	long got, have = 0, lines = 0, file = open_file("/plan", O_RDONLY);

	if (file < 0)
		return file;
	while ((got = system_call(__NR_read, file, (long)plan + have, MOST_PLAN - have, 0, 0)) > 0)
		have += got;
	close_file(file);
	if (got < 0 || have == MOST_PLAN)
		return got < 0 ? got : -EFBIG;
	plan[have] = '\0';
	for (long i = 0; i < have; i++)
		lines += plan[i] == '\n';
	return lines;
}

static void run_plan(long steps)
{
	static char text[128];
	char *at = plan;

	put("KTAP version 1");
	say();
	put("1..");
	put_number(steps);
	say();
	for (long step = 1; step <= steps; step++) {
		char *start = at;
		int i;

		while (*at != '\n')
			at++;
		*at++ = '\0';
		for (i = 0; i < (int)sizeof(text) - 1 && start[i]; i++)
			text[i] = start[i];
		text[i] = '\0';
		say_result(step, text, do_step(start, 0));
	}
}

void start_c(void)
{
	long steps, file = open_file("/dev/kmsg", O_WRONLY);

	if (file >= 0)
		console = file;
	steps = read_plan();
	if (steps < 0) {
		put("Bail out! no plan");
		put_error(-steps);
		say();
	} else {
		run_plan(steps);
	}
	put("# the plan has ended");
	say();
	system_call(__NR_reboot, (long)LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2,
		    LINUX_REBOOT_CMD_POWER_OFF, 0, 0);
	for (;;)
		;
}
