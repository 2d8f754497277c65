using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Telemetry.Streams.Journal.Files;

/// <summary>Real files.</summary>
internal sealed class SystemFiles : IJournalFiles
{
    public static readonly SystemFiles Instance = new();

    public IDisposable Lock(string directory)
    {
        Create(Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory)));
        return DirectoryLock.Take(directory);
    }

    public IJournalFile Open(string path) => new SystemFile(path);

    public bool Exists(string path) => File.Exists(path);

    public DateTimeOffset CreatedAt(string path) => new(File.GetCreationTimeUtc(path), TimeSpan.Zero);

    public void Move(string from, string to) => File.Move(from, to, overwrite: true);

    public void Link(string from, string to) => Libc.Link(from, to);

    public void Delete(string path) => File.Delete(path);

    public IReadOnlyList<string> List(string directory) => Directory.GetFiles(directory);

    public IReadOnlyList<string> ListDirectories(string directory) => Directory.GetDirectories(directory);

    public void CreateDirectory(string path) => Directory.CreateDirectory(path);

    public void DeleteDirectory(string path) => Directory.Delete(path, recursive: true);

    public void SyncDirectory(string path)
    {
        // Only Unix has (and needs) the fsync of a directory.
        if (!OperatingSystem.IsWindows())
        {
            Libc.SyncDirectory(path);
        }
    }

    public long FreeBytes(string path) => new DriveInfo(path).AvailableFreeSpace;

    // The name of the directory itself is durable before anything in it is acknowledged.
    private void Create(string directory)
    {
        if (Path.GetDirectoryName(directory) is not { } parent)
        {
            return;
        }

        if (Directory.Exists(directory))
        {
            try
            {
                // A former process may have made it and ended before this.
                SyncDirectory(parent);
            }
            catch (IOException)
            {
                // A parent that this user may not read, or that cannot sync: the directory was made for us by someone else.
                return;
            }

            return;
        }

        Create(parent);
        Directory.CreateDirectory(directory);
        DiskErrors.SyncDirectory(this, parent);
    }

    private sealed class SystemFile(string path) : IJournalFile
    {
        private readonly SafeFileHandle _handle = File.OpenHandle(
            path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);

        public long Length => RandomAccess.GetLength(_handle);

        public void Write(long position, ReadOnlyMemory<byte> bytes) =>
            RandomAccess.Write(_handle, bytes.Span, position);

        public int Read(long position, Span<byte> bytes)
        {
            var total = 0;
            while (total < bytes.Length)
            {
                var read = RandomAccess.Read(_handle, bytes[total..], position + total);
                if (read == 0)
                {
                    break;
                }

                total += read;
            }

            return total;
        }

        public void Sync()
        {
            // fdatasync writes the size when it changed, which is all the metadata a reader needs.
            if (OperatingSystem.IsLinux())
            {
                Libc.SyncData(_handle);
            }
            else
            {
                RandomAccess.FlushToDisk(_handle);
            }
        }

        public void SetLength(long length) => RandomAccess.SetLength(_handle, length);

        public void Dispose() => _handle.Dispose();
    }

    private static class Libc
    {
        public static void SyncData(SafeFileHandle file)
        {
            if (fdatasync(file) != 0)
            {
                throw Error("fdatasync");
            }
        }

        public static void SyncDirectory(string path)
        {
            var descriptor = open(Encoding.UTF8.GetBytes(path + '\0'), 0);
            if (descriptor < 0)
            {
                throw Error($"open of directory '{path}'");
            }

            using var handle = new SafeFileHandle(descriptor, ownsHandle: true);
            if (fsync(handle) != 0)
            {
                throw Error($"fsync of directory '{path}'");
            }
        }

        public static void Link(string from, string to)
        {
            if (link(Encoding.UTF8.GetBytes(from + '\0'), Encoding.UTF8.GetBytes(to + '\0')) != 0)
            {
                throw Error($"link of '{from}' to '{to}'");
            }
        }

        private static IOException Error(string what)
        {
            var errno = Marshal.GetLastPInvokeError();
            return new IOException($"{what} failed: {Marshal.GetPInvokeErrorMessage(errno)} (errno {errno}).", errno);
        }

        [DllImport("libc", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        private static extern int fdatasync(SafeFileHandle descriptor);

        [DllImport("libc", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        private static extern int fsync(SafeFileHandle descriptor);

        [DllImport("libc", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        private static extern int link(byte[] from, byte[] to);

        [DllImport("libc", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        private static extern int open(byte[] path, int flags);
    }
}
