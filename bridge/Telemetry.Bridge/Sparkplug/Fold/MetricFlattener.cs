using System.Buffers.Text;
using System.Text;
using Telemetry.Bridge.Readings;
using Telemetry.Bridge.Sparkplug.Nodes;
using Telemetry.Bridge.Sparkplug.Wire;
using Telemetry.Contracts.Readings;

namespace Telemetry.Bridge.Sparkplug.Fold;

/// <summary>
/// From the metrics of one message to readings of one device. A template's members are <c>metric/member</c>, an array's elements
/// <c>metric:0</c>, <c>metric:1</c> and so on. What cannot be a reading goes, by name, into one dead letter of the message, or is counted.
/// </summary>
internal sealed class MetricFlattener(BridgeOptions options, FoldOutput output, FoldCounts counts)
{
    private const int PathBytesMax = 512;
    private const int NamesToldMax = 5;
    private const ulong LastMs = 253_402_300_799_999;

    private readonly SparkplugOptions _sparkplug = options.Sparkplug;
    private readonly CatalogueWriter _catalogue = new(output);
    private readonly IngestWorkspace _workspace = new();
    private readonly byte[] _path = new byte[PathBytesMax];
    private readonly List<int> _refused = [];
    private readonly List<string> _refusedNames = [];

    // Of the message in hand.
    private NodeState _node = null!;
    private DeviceEntry _device = null!;
    private MetricTable _table = null!;
    private MetricTable? _former;
    private EventTimeWindow _window;
    private long _nowMs;
    private int _index;
    private string? _cause;
    private bool _hasUnknown;

    private static ReadOnlySpan<byte> BdSeq => "bdSeq"u8;

    private static ReadOnlySpan<byte> NodeControl => "Node Control/"u8;

    private static ReadOnlySpan<byte> DeviceControl => "Device Control/"u8;

    /// <summary>Takes the metrics of a birth or of data, in list order.</summary>
    /// <returns>True when it met a metric that no birth names: the births are out of date.</returns>
    public bool Take(NodeState node, DeviceEntry device, in RawPublish publish, in PayloadView payload, bool isBirth, long nowMs)
    {
        (_node, _device, _nowMs) = (node, device, nowMs);
        _former = isBirth ? device.Metrics : null;
        _table = isBirth ? new MetricTable() : device.Metrics;
        _window = EventTimeWindow.Around(DateTimeOffset.FromUnixTimeMilliseconds(nowMs), options);
        _refused.Clear();
        _refusedNames.Clear();
        (_cause, _hasUnknown, _index) = (null, false, -1);
        Begin();
        var time = payload.HasTimestamp && payload.Timestamp != 0 ? payload.Timestamp : 0;
        foreach (var metric in payload)
        {
            _index++;
            Take(metric, time);
        }

        Flush();
        if (isBirth)
        {
            device.Metrics = _table;
        }

        if (_cause is not null)
        {
            counts.DeadLetter(_cause);
            output.DeadLetter(publish, _cause, Detail(payload.MetricCount), _refused, nowMs);
        }

        return _hasUnknown;
    }

    /// <summary>The number of a metric called <c>bdSeq</c>; null when there is none. Any integer type is taken.</summary>
    public static ulong? BdSeqOf(in PayloadView payload)
    {
        foreach (var metric in payload)
        {
            if (metric.Name.SequenceEqual(BdSeq) && metric.Arm is ValueArm.Int or ValueArm.Long && !metric.IsNull)
            {
                return metric.Bits;
            }
        }

        return null;
    }

    private void Take(in MetricView metric, ulong payloadMs)
    {
        if (IsControl(metric.Name))
        {
            counts.Pass("control");
            if (_former is not null)
            {
                Define(metric.Name, (SparkplugType)metric.DataType, metric);
            }

            return;
        }

        if (Resolve(metric) is not { } entry)
        {
            return;
        }

        if (IsControl(entry.Name))
        {
            counts.Pass("control");
            return;
        }

        // The name comes from the birth, the datatype too unless the message has its own: data may say either, both or none.
        var type = metric.DataType != 0 ? (SparkplugType)metric.DataType : entry.Type;
        var (ms, assigned) = Time(metric, payloadMs);
        var quality = metric.Properties.IsEmpty ? Quality.Good : new PropertySet(metric.Properties).Quality;
        entry.Name.CopyTo(_path, 0);
        TakeValue(metric, entry, type, new Context(ms, assigned, quality, metric.IsHistorical), entry.Name.Length, depth: 0);
    }

    private (ulong Ms, bool Assigned) Time(in MetricView metric, ulong otherMs) =>
        metric.HasTimestamp && metric.Timestamp != 0 ? (metric.Timestamp, false)
        : otherMs != 0 ? (otherMs, false)
        : ((ulong)_nowMs, true);

    private MetricEntry? Resolve(in MetricView metric)
    {
        if (metric.Name.Length > PathBytesMax || (metric.Name.IsEmpty && (!metric.HasAlias || _former is not null)))
        {
            return Refuse(SparkplugCauses.BadMetric, metric.Name);
        }

        if (_former is not null)
        {
            return metric.DataType == 0
                ? Refuse(SparkplugCauses.BadMetric, metric.Name)
                : Define(metric.Name, (SparkplugType)metric.DataType, metric) ?? Refuse(SparkplugCauses.TooManyMetrics, metric.Name);
        }

        if (metric.Name.IsEmpty ? _table.TryFind(metric.Alias, out var entry) : _table.TryFind(metric.Name, out entry))
        {
            return entry;
        }

        _hasUnknown |= !_table.IsCut;
        return metric.Name.IsEmpty || metric.DataType == 0
            ? Refuse(SparkplugCauses.UnknownMetric, metric.Name)
            : MetricEntry.Of(metric.Name, (SparkplugType)metric.DataType);
    }

    /// <summary>The entry of a name, made when it is new; null when the node has as many as it may.</summary>
    private MetricEntry? Define(ReadOnlySpan<byte> name, SparkplugType type, in MetricView metric)
    {
        if (_table.TryFind(name, out var known))
        {
            return known;
        }

        var entry = MetricEntry.Of(name, type);
        (entry.HasAlias, entry.Alias) = (metric.HasAlias, metric.Alias);
        var others = _node.MetricCount - _device.Metrics.Count;
        var otherBytes = _node.TableBytes - _device.Metrics.Bytes;
        if (others + _table.Count >= _sparkplug.MetricsPerNodeMax || otherBytes + _table.Bytes + entry.Bytes > _sparkplug.NodeBytesMax)
        {
            _table.IsCut = true;
            return null;
        }

        if (_former is not null && _former.TryFind(name, out var before) && before.Type == type)
        {
            entry.CatalogueHash = before.CatalogueHash;
            if (before.HasValue)
            {
                entry.Keep(before.TimeUs, before.Value, before.Quality);
            }
        }

        _table.TryAdd(entry);
        return entry;
    }

    private void TakeValue(in MetricView metric, MetricEntry entry, SparkplugType type, in Context context, int pathLength, int depth)
    {
        if (metric.IsTransient)
        {
            counts.Pass("transient");
            return;
        }

        switch (ScalarValue.Read(type, metric, out var value))
        {
            case ValueKind.Number:
                Reading(metric, entry, type, context, value, context.Quality);
                break;
            case ValueKind.Null when ScalarValue.IsMeasurement(type) && type < SparkplugType.Int8Array:
                Reading(metric, entry, type, context, double.NaN, Quality.Bad);
                break;
            case ValueKind.Null:
                counts.Pass("null");
                break;
            case ValueKind.Text:
                counts.Pass("text");
                break;
            case ValueKind.Array:
                TakeArray(metric, type, context, pathLength);
                break;
            case ValueKind.Template:
                TakeTemplate(metric, context, pathLength, depth);
                break;
            case ValueKind.DataSet:
                Refuse(SparkplugCauses.DataSet, entry.Name);
                break;
            default:
                Refuse(SparkplugCauses.BadMetric, entry.Name);
                break;
        }
    }

    private void TakeArray(in MetricView metric, SparkplugType type, in Context context, int pathLength)
    {
        if (!ArrayValue.TryOpen(type, metric.Bytes, out var array))
        {
            Refuse(SparkplugCauses.BadArray, _path.AsSpan(0, pathLength));
            return;
        }

        if (array.Count > _sparkplug.ArrayElementsMax || pathLength + 5 > PathBytesMax)
        {
            Refuse(SparkplugCauses.ArrayTooLong, _path.AsSpan(0, pathLength));
            return;
        }

        _path[pathLength] = (byte)':';
        for (var i = 0; i < array.Count; i++)
        {
            Utf8Formatter.TryFormat(i, _path.AsSpan(pathLength + 1), out var digits);
            var name = _path.AsSpan(0, pathLength + 1 + digits);
            if (Define(name, type, default) is { } element)
            {
                Reading(metric, element, type, context, array[i], context.Quality);
            }
            else
            {
                Refuse(SparkplugCauses.TooManyMetrics, name);
            }
        }
    }

    private void TakeTemplate(in MetricView metric, in Context context, int pathLength, int depth)
    {
        if (!TemplateView.TryRead(metric.Bytes, out var template))
        {
            Refuse(SparkplugCauses.BadMetric, _path.AsSpan(0, pathLength));
            return;
        }

        if (template.IsDefinition)
        {
            counts.Pass("definition");
            return;
        }

        if (depth == _sparkplug.TemplateDepthMax)
        {
            Refuse(SparkplugCauses.TemplateTooDeep, _path.AsSpan(0, pathLength));
            return;
        }

        var members = template.GetEnumerator();
        while (members.MoveNext())
        {
            TakeMember(members.Current, context, pathLength, depth);
        }

        if (members.IsBroken)
        {
            Refuse(SparkplugCauses.BadMetric, _path.AsSpan(0, pathLength));
        }
    }

    private void TakeMember(in MetricView member, in Context context, int pathLength, int depth)
    {
        if (member.Name.IsEmpty || pathLength + 1 + member.Name.Length > PathBytesMax)
        {
            Refuse(member.Name.IsEmpty ? SparkplugCauses.BadMetric : SparkplugCauses.TemplateTooDeep, _path.AsSpan(0, pathLength));
            return;
        }

        _path[pathLength] = (byte)'/';
        member.Name.CopyTo(_path.AsSpan(pathLength + 1));
        var length = pathLength + 1 + member.Name.Length;
        var name = _path.AsSpan(0, length);
        if (!_table.TryFind(name, out var entry))
        {
            if (member.DataType == 0)
            {
                _hasUnknown |= _former is null && !_table.IsCut;
                Refuse(_former is null ? SparkplugCauses.UnknownMetric : SparkplugCauses.BadMetric, name);
                return;
            }

            if (Define(name, (SparkplugType)member.DataType, default) is not { } defined)
            {
                Refuse(SparkplugCauses.TooManyMetrics, name);
                return;
            }

            entry = defined;
        }

        var own = member.HasTimestamp && member.Timestamp != 0;
        var inner = context with
        {
            Ms = own ? member.Timestamp : context.Ms,
            IsAssigned = !own && context.IsAssigned,
            Quality = member.Properties.IsEmpty ? context.Quality : new PropertySet(member.Properties).Quality,
            IsHistorical = context.IsHistorical || member.IsHistorical,
        };
        TakeValue(member, entry, member.DataType != 0 ? (SparkplugType)member.DataType : entry.Type, inner, length, depth + 1);
    }

    private void Reading(in MetricView metric, MetricEntry entry, SparkplugType type, in Context context, double value, Quality quality)
    {
        var timeUs = context.Ms > LastMs ? long.MaxValue : (long)context.Ms * 1000;
        if (timeUs < _window.FromUs || timeUs > _window.ToUs)
        {
            Refuse(SparkplugCauses.TimeOutOfRange, entry.Name);
            return;
        }

        if (_former is not null)
        {
            _catalogue.Take(_node, _device, entry, type, metric, _nowMs);
            if (entry.IsRestated(timeUs, value, quality))
            {
                counts.Pass("restated");
                return;
            }
        }

        if (context.IsHistorical)
        {
            counts.Historical++;
        }
        else
        {
            entry.Keep(timeUs, value, quality);
        }

        Add(entry.Sensor, timeUs, value, quality);
        _workspace.Columns.TimesAssigned |= context.IsAssigned;
    }

    private void Add(byte[] sensor, long timeUs, double value, Quality quality)
    {
        var columns = _workspace.Columns;
        var index = columns.SensorIndex(sensor);
        if (index < 0 || columns.Count == ReadingLimits.ReadingsMax)
        {
            Flush();
            index = columns.SensorIndex(sensor);
        }

        columns.Add(index, timeUs, value, quality);
    }

    private void Begin()
    {
        _workspace.Columns.Reset();
        _workspace.Columns.SetDevice(_device.Device);
    }

    /// <summary>Gives the readings their numbers, in the replay as well as live, and hands them on.</summary>
    private void Flush()
    {
        var columns = _workspace.Columns;
        if (columns.Count > 0)
        {
            columns.NumberGood(_device.BootId, _device.NextSequence);
            _device.NextSequence += (ulong)columns.Count;
            counts.Readings += columns.Count;
            output.Readings(_workspace, _nowMs);
        }

        Begin();
    }

    private MetricEntry? Refuse(string cause, ReadOnlySpan<byte> name)
    {
        _cause ??= cause;
        if (_refused.Count == 0 || _refused[^1] != _index)
        {
            _refused.Add(_index);
            if (_refusedNames.Count < NamesToldMax)
            {
                _refusedNames.Add(name.IsEmpty ? $"number {_index}" : Encoding.UTF8.GetString(name));
            }
        }

        return null;
    }

    private string Detail(int metrics)
    {
        var more = _refused.Count > _refusedNames.Count ? " and others" : "";
        return $"{_refused.Count} of {metrics} metrics were refused, the others taken: {string.Join(", ", _refusedNames)}{more}. {SparkplugCauses.Sentence(_cause!, _sparkplug)}";
    }

    /// <summary>Metrics that steer the node and measure nothing.</summary>
    private static bool IsControl(ReadOnlySpan<byte> name) =>
        name.SequenceEqual(BdSeq) || name.StartsWith(NodeControl) || name.StartsWith(DeviceControl);

    /// <summary>What a metric hands down to the members of its template.</summary>
    private readonly record struct Context(ulong Ms, bool IsAssigned, Quality Quality, bool IsHistorical);
}
