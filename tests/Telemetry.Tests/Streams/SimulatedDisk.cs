using Telemetry.Streams;
using Telemetry.Streams.Journal.Files;

namespace Telemetry.Tests.Streams;

/// <summary>What a disk can do wrong, once.</summary>
public enum DiskFault
{
    /// <summary>A write fails after a part of it.</summary>
    Write,

    /// <summary>A write finds no space after a part of it.</summary>
    ShortWrite,

    /// <summary>An fsync fails.</summary>
    Sync,

    /// <summary>A rename fails, done or not.</summary>
    Rename,

    /// <summary>The fsync of a directory fails.</summary>
    DirectorySync,

    /// <summary>A file cannot be removed: access denied.</summary>
    Delete,

    /// <summary>Asking for the free space fails.</summary>
    FreeBytes,
}

/// <summary>
/// A file system in memory that knows what has been synced. <see cref="Crash"/> gives the disk as another process finds it
/// after a power failure: what was not synced is there, partly there or gone, write by write; creations, renames and
/// removals that were not synced are undone from some point on, and a new directory may be gone with all that is in it.
/// </summary>
internal sealed class SimulatedDisk(Random random, TimeProvider time) : IJournalFiles
{
    private const int InputOutput = 5;
    private const int NoSpace = 28;

    private readonly Lock _gate = new();
    private readonly HashSet<string> _directories = [];
    private readonly HashSet<string> _newDirectories = [];
    private readonly HashSet<string> _locks = [];
    private readonly Dictionary<string, Node> _files = [];
    private readonly Dictionary<string, Node> _durable = [];
    private readonly Dictionary<string, List<Action<Dictionary<string, Node>>>> _unsynced = [];
    private readonly List<(DiskFault Fault, int After)> _armed = [];
    private bool _full;

    /// <summary>Faults that have happened.</summary>
    public int Happened { get; private set; }

    /// <summary>No write finds space while this holds.</summary>
    public bool Full
    {
        set
        {
            lock (_gate)
            {
                _full = value;
            }
        }
    }

    /// <summary>Lets a fault happen at the operation of its kind that follows so many others.</summary>
    public void Arm(DiskFault fault, int after)
    {
        lock (_gate)
        {
            _armed.Add((fault, after));
        }
    }

    public void Disarm()
    {
        lock (_gate)
        {
            _armed.Clear();
        }
    }

    public SimulatedDisk Crash()
    {
        lock (_gate)
        {
            var survivor = new SimulatedDisk(random, time);
            var gone = _newDirectories.Where(_ => random.Next(2) == 0).ToList();
            survivor._directories.UnionWith(_directories.Where(path => !IsIn(gone, path)));
            var entries = new Dictionary<string, Node>(_durable);
            foreach (var changes in _unsynced.Values)
            {
                changes.Take(random.Next(changes.Count + 1)).ToList().ForEach(change => change(entries));
            }

            var copies = new Dictionary<Node, Node>();
            foreach (var (path, node) in entries.Where(entry => !IsIn(gone, entry.Key)))
            {
                if (!copies.TryGetValue(node, out var copy))
                {
                    copies[node] = copy = node.AfterCrash(random);
                }

                survivor._files[path] = survivor._durable[path] = copy;
            }

            return survivor;
        }
    }

    public IDisposable Lock(string directory)
    {
        lock (_gate)
        {
            _directories.Add(directory);
            return _locks.Add(directory)
                ? new Unlock(this, directory)
                : throw new RecordLogException(RecordLogError.Locked, $"'{directory}' is open.");
        }
    }

    public IJournalFile Open(string path)
    {
        lock (_gate)
        {
            if (!_files.TryGetValue(path, out var node))
            {
                node = new Node(time.GetUtcNow());
                Change(path, entries => entries[path] = node);
            }

            return new OpenFile(this, node);
        }
    }

    public bool Exists(string path)
    {
        lock (_gate)
        {
            return _files.ContainsKey(path);
        }
    }

    public DateTimeOffset CreatedAt(string path)
    {
        lock (_gate)
        {
            return _files[path].CreatedAt;
        }
    }

    public void Move(string from, string to)
    {
        lock (_gate)
        {
            var fails = Happens(DiskFault.Rename);
            if (!fails || random.Next(2) == 0)
            {
                Change(from, entries =>
                {
                    if (entries.Remove(from, out var node))
                    {
                        entries[to] = node;
                    }
                });
            }

            if (fails)
            {
                throw new IOException("Input/output error", InputOutput);
            }
        }
    }

    public void Delete(string path)
    {
        lock (_gate)
        {
            if (!_files.ContainsKey(path))
            {
                return;
            }

            if (Happens(DiskFault.Delete))
            {
                throw new UnauthorizedAccessException($"Access to the path '{path}' is denied.");
            }

            Change(path, entries => entries.Remove(path));
        }
    }

    public IReadOnlyList<string> List(string directory)
    {
        lock (_gate)
        {
            return [.. _files.Keys.Where(path => Path.GetDirectoryName(path) == directory)];
        }
    }

    public IReadOnlyList<string> ListDirectories(string directory)
    {
        lock (_gate)
        {
            return [.. _directories.Where(path => Path.GetDirectoryName(path) == directory)];
        }
    }

    public void CreateDirectory(string path)
    {
        lock (_gate)
        {
            if (_directories.Add(path))
            {
                _newDirectories.Add(path);
            }
        }
    }

    public void DeleteDirectory(string path)
    {
        lock (_gate)
        {
            foreach (var file in List(path))
            {
                _files.Remove(file);
                _durable.Remove(file);
            }

            _unsynced.Remove(path);
            _directories.Remove(path);
            _newDirectories.Remove(path);
        }
    }

    public void SyncDirectory(string path)
    {
        lock (_gate)
        {
            if (Happens(DiskFault.DirectorySync))
            {
                throw new IOException("Input/output error", InputOutput);
            }

            _newDirectories.RemoveWhere(created => Path.GetDirectoryName(created) == path);
            if (_unsynced.Remove(path, out var changes))
            {
                changes.ForEach(change => change(_durable));
            }
        }
    }

    public long FreeBytes(string path)
    {
        lock (_gate)
        {
            return Happens(DiskFault.FreeBytes) ? throw new IOException("Input/output error", InputOutput)
                : _full ? 0
                : 1L << 40;
        }
    }

    private static bool IsIn(List<string> directories, string path) =>
        directories.Exists(directory => path == directory || path.StartsWith(directory + '/', StringComparison.Ordinal));

    private void Change(string path, Action<Dictionary<string, Node>> change)
    {
        var directory = Path.GetDirectoryName(path)!;
        if (!_unsynced.TryGetValue(directory, out var changes))
        {
            _unsynced[directory] = changes = [];
        }

        changes.Add(change);
        change(_files);
    }

    private bool Happens(DiskFault fault)
    {
        for (var i = 0; i < _armed.Count; i++)
        {
            if (_armed[i].Fault == fault)
            {
                if (_armed[i].After == 0)
                {
                    _armed.RemoveAt(i);
                    Happened++;
                    return true;
                }

                _armed[i] = (fault, _armed[i].After - 1);
                return false;
            }
        }

        return false;
    }

    /// <summary>Bytes with a length.</summary>
    private sealed class Content
    {
        private byte[] _bytes = [];

        public int Length { get; private set; }

        public void Write(long position, ReadOnlySpan<byte> bytes)
        {
            var end = (int)position + bytes.Length;
            SetLength(Math.Max(Length, end));
            bytes.CopyTo(_bytes.AsSpan((int)position));
        }

        public void SetLength(long length)
        {
            if (length > _bytes.Length)
            {
                Array.Resize(ref _bytes, (int)Math.Max(length, _bytes.Length * 2));
            }

            if (length < Length)
            {
                _bytes.AsSpan((int)length, Length - (int)length).Clear();
            }

            Length = (int)length;
        }

        public int Read(long position, Span<byte> target)
        {
            var count = (int)Math.Clamp(Length - position, 0, target.Length);
            _bytes.AsSpan((int)Math.Min(position, Length), count).CopyTo(target);
            return count;
        }

        public Content Copy()
        {
            var copy = new Content();
            copy.Write(0, _bytes.AsSpan(0, Length));
            return copy;
        }
    }

    /// <summary>A file: what programs see, what is on the disk, and the changes between the two.</summary>
    private sealed class Node(DateTimeOffset createdAt)
    {
        private readonly List<(long Position, byte[]? Bytes)> _unsynced = [];
        private Content _durable = new();

        public Content Live { get; private set; } = new();

        public DateTimeOffset CreatedAt { get; } = createdAt;

        public void Write(long position, ReadOnlySpan<byte> bytes)
        {
            Live.Write(position, bytes);
            _unsynced.Add((position, bytes.ToArray()));
        }

        public void SetLength(long length)
        {
            Live.SetLength(length);
            _unsynced.Add((length, null));
        }

        public void Sync()
        {
            foreach (var (position, bytes) in _unsynced)
            {
                Apply(_durable, position, bytes);
            }

            _unsynced.Clear();
        }

        public Node AfterCrash(Random random)
        {
            var left = _durable.Copy();
            var all = random.Next(3);
            foreach (var (position, bytes) in _unsynced)
            {
                // All of it is gone, all of it is there, or each write has a fate of its own.
                var fate = all == 2 ? random.Next(3) : all;
                if (fate == 1)
                {
                    Apply(left, position, bytes);
                }
                else if (fate == 2 && bytes is not null)
                {
                    Apply(left, position, bytes[..random.Next(bytes.Length + 1)]);
                }
            }

            return new Node(CreatedAt) { Live = left, _durable = left.Copy() };
        }

        private static void Apply(Content content, long position, byte[]? bytes)
        {
            if (bytes is null)
            {
                content.SetLength(position);
            }
            else
            {
                content.Write(position, bytes);
            }
        }
    }

    private sealed class OpenFile(SimulatedDisk disk, Node node) : IJournalFile
    {
        private bool _closed;

        public long Length
        {
            get
            {
                lock (disk._gate)
                {
                    ObjectDisposedException.ThrowIf(_closed, this);
                    return node.Live.Length;
                }
            }
        }

        public void Write(long position, ReadOnlyMemory<byte> bytes)
        {
            lock (disk._gate)
            {
                ObjectDisposedException.ThrowIf(_closed, this);
                var fails = disk.Happens(DiskFault.Write);
                var full = disk.Happens(DiskFault.ShortWrite) || disk._full;
                if (fails || full)
                {
                    node.Write(position, bytes.Span[..disk.Random.Next(bytes.Length)]);
                    throw fails
                        ? new IOException("Input/output error", InputOutput)
                        : new IOException("No space left on device", NoSpace);
                }

                node.Write(position, bytes.Span);
            }
        }

        public int Read(long position, Span<byte> bytes)
        {
            lock (disk._gate)
            {
                ObjectDisposedException.ThrowIf(_closed, this);
                return node.Live.Read(position, bytes);
            }
        }

        public void Sync()
        {
            lock (disk._gate)
            {
                ObjectDisposedException.ThrowIf(_closed, this);
                if (disk.Happens(DiskFault.Sync))
                {
                    throw new IOException("Input/output error", InputOutput);
                }

                node.Sync();
            }
        }

        public void SetLength(long length)
        {
            lock (disk._gate)
            {
                ObjectDisposedException.ThrowIf(_closed, this);
                node.SetLength(length);
            }
        }

        public void Dispose()
        {
            lock (disk._gate)
            {
                _closed = true;
            }
        }

    }

    private Random Random => random;

    private sealed class Unlock(SimulatedDisk disk, string directory) : IDisposable
    {
        public void Dispose()
        {
            lock (disk._gate)
            {
                disk._locks.Remove(directory);
            }
        }
    }
}
