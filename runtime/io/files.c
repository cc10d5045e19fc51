/* runtime/io/files.c: files by plain system calls, for uring and posix. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "runtime/io/io_internal.h"

/* What people said is nobody else's to read; a group may be let in, for backups. */
#define FILE_MODE      0640
#define DIRECTORY_MODE 0750

static int or_errno(int result)
{
    return result < 0 ? -errno : result;
}

static int system_open(struct cairn_io *io, const char *path, uint32_t flags)
{
    (void)io;
    int system_flags = O_CLOEXEC;
    system_flags |= (flags & CAIRN_IO_OPEN_WRITE) ? O_RDWR : O_RDONLY;
    system_flags |= (flags & CAIRN_IO_OPEN_CREATE) ? O_CREAT : 0;
    system_flags |= (flags & CAIRN_IO_OPEN_EXCL) ? O_EXCL : 0;
    system_flags |= (flags & CAIRN_IO_OPEN_DIRECT) ? O_DIRECT : 0;
    system_flags |= (flags & CAIRN_IO_OPEN_TRUNC) ? O_TRUNC : 0;

    int fd;
    do
        fd = or_errno(open(path, system_flags, FILE_MODE));
    while (fd == -EINTR);
    return fd;
}

static int64_t system_read_now(struct cairn_io *io, int fd, void *buffer, size_t bytes,
                               uint64_t offset)
{
    (void)io;
    char *target = buffer;
    size_t done = 0;
    while (done < bytes) {
        ssize_t count = pread(fd, target + done, bytes - done, (off_t)(offset + done));
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return -errno;
        if (count == 0)
            break;
        done += (size_t)count;
    }
    return (int64_t)done;
}

static int system_write_now(struct cairn_io *io, int fd, const void *buffer, size_t bytes,
                            uint64_t offset)
{
    (void)io;
    const char *source = buffer;
    size_t done = 0;
    while (done < bytes) {
        ssize_t count = pwrite(fd, source + done, bytes - done, (off_t)(offset + done));
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return -errno;
        if (count == 0)
            return -EIO; /* a regular file that takes nothing and gives no reason */
        done += (size_t)count;
    }
    return 0;
}

/* Never retried: after a failed flush the kernel may have dropped what it could not write. */
static int system_sync_now(struct cairn_io *io, int fd)
{
    (void)io;
    return or_errno(fdatasync(fd));
}

static int system_truncate(struct cairn_io *io, int fd, uint64_t bytes)
{
    (void)io;
    int result;
    do
        result = or_errno(ftruncate(fd, (off_t)bytes));
    while (result == -EINTR);
    return result;
}

static int64_t system_size(struct cairn_io *io, int fd)
{
    (void)io;
    struct stat status;
    if (fstat(fd, &status) < 0)
        return -errno;
    return (int64_t)status.st_size;
}

static int system_lock(struct cairn_io *io, int fd)
{
    (void)io;
    return or_errno(flock(fd, LOCK_EX | LOCK_NB));
}

static int system_rename(struct cairn_io *io, const char *from, const char *to)
{
    (void)io;
    return or_errno(rename(from, to));
}

static int system_unlink(struct cairn_io *io, const char *path)
{
    (void)io;
    return or_errno(unlink(path));
}

static int system_make_directory(struct cairn_io *io, const char *path)
{
    (void)io;
    if (mkdir(path, DIRECTORY_MODE) == 0)
        return 0;
    int error = -errno;
    struct stat status;
    if (error == -EEXIST && stat(path, &status) == 0 && S_ISDIR(status.st_mode))
        return 0;
    return error;
}

static int system_sync_directory(struct cairn_io *io, const char *path)
{
    (void)io;
    int fd = or_errno(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (fd < 0)
        return fd;
    int result = or_errno(fsync(fd));
    close(fd);
    return result;
}

static bool is_self_or_parent(const char *name)
{
    return name[0] == '.' && (name[1] == 0 || (name[1] == '.' && name[2] == 0));
}

static int system_list(struct cairn_io *io, const char *path,
                       int (*entry)(void *context, const char *name), void *context)
{
    (void)io;
    DIR *directory = opendir(path);
    if (directory == NULL)
        return -errno;

    int result = 0;
    while (result == 0) {
        errno = 0;
        struct dirent *found = readdir(directory);
        if (found == NULL) {
            result = -errno; /* 0 at the end */
            break;
        }
        if (!is_self_or_parent(found->d_name))
            result = entry(context, found->d_name);
    }
    closedir(directory);
    return result;
}

static int64_t system_free_bytes(struct cairn_io *io, const char *path)
{
    (void)io;
    struct statvfs status;
    if (statvfs(path, &status) < 0)
        return -errno;
    return (int64_t)(status.f_bavail * status.f_frsize);
}

const struct cairn_io_files cairn_io_system_files = {
    .open = system_open,
    .read_now = system_read_now,
    .write_now = system_write_now,
    .sync_now = system_sync_now,
    .truncate = system_truncate,
    .size = system_size,
    .lock = system_lock,
    .rename = system_rename,
    .unlink = system_unlink,
    .make_directory = system_make_directory,
    .sync_directory = system_sync_directory,
    .list = system_list,
    .free_bytes = system_free_bytes,
};
