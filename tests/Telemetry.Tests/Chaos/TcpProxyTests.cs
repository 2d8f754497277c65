using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using Telemetry.Testing.Faults;

namespace Telemetry.Tests.Chaos;

public sealed class TcpProxyTests : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private readonly EchoServer _a = new('a');
    private readonly EchoServer _b = new('b');
    private readonly TcpProxy _proxy;

    public TcpProxyTests() => _proxy = new TcpProxy(0, [_a.EndPoint], seed: 1, TimeProvider.System);

    public async ValueTask DisposeAsync()
    {
        await _proxy.DisposeAsync();
        await _a.DisposeAsync();
        await _b.DisposeAsync();
    }

    [Fact]
    public async Task Passes_bytes_both_ways_and_the_end_of_stream()
    {
        using var client = await ConnectAsync(_proxy);
        var sent = new byte[1 << 20];
        new Random(1).NextBytes(sent);

        var sending = client.GetStream().WriteAsync(sent).AsTask();
        var received = await ReadAsync(client, sent.Length + 1);
        await sending;
        client.Client.Shutdown(SocketShutdown.Send);

        received[0].ShouldBe((byte)'a');
        received.AsSpan(1).SequenceEqual(sent).ShouldBeTrue();
        (await client.Client.ReceiveAsync(new byte[1])).ShouldBe(0);
    }

    [Fact]
    public async Task Spreads_connections_over_the_targets_and_passes_over_one_that_refuses()
    {
        await using var both = new TcpProxy(0, [_a.EndPoint, _b.EndPoint], seed: 1, TimeProvider.System);
        using var first = await ConnectAsync(both);
        (await TextAsync(first, 1)).ShouldBe("a");
        using var second = await ConnectAsync(both);
        (await TextAsync(second, 1)).ShouldBe("b");

        await _a.DisposeAsync();

        // Bound and not listening: nobody else gets the port meanwhile, and it refuses.
        using var held = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        held.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        held.Bind(_a.EndPoint);
        using var third = await ConnectAsync(both);
        using var fourth = await ConnectAsync(both);

        (await TextAsync(third, 1) + await TextAsync(fourth, 1)).ShouldBe("bb");
    }

    [Fact]
    public async Task Refusing_resets_what_is_open_and_refuses_what_is_new_until_it_passes_again()
    {
        using var open = await ConnectAsync(_proxy);
        await TextAsync(open, 1);

        await _proxy.SetAsync(LinkMode.Refuse);

        await ShouldBeResetAsync(open);
        var error = await Should.ThrowAsync<SocketException>(() => ConnectAsync(_proxy));
        error.SocketErrorCode.ShouldBe(SocketError.ConnectionRefused);

        await _proxy.SetAsync(LinkMode.Pass);
        using var again = await ConnectAsync(_proxy);
        (await EchoAsync(again, "xyz")).ShouldBe("axyz");
    }

    [Fact]
    public async Task Held_bytes_arrive_in_order_when_the_hold_ends()
    {
        using var client = await ConnectAsync(_proxy);
        await TextAsync(client, 1);
        await _proxy.SetAsync(LinkMode.Hold);
        await WriteAsync(client, "one ");
        await WriteAsync(client, "two");

        client.Client.Poll(TimeSpan.FromMilliseconds(200), SelectMode.SelectRead).ShouldBeFalse();
        await _proxy.SetAsync(LinkMode.Pass);

        (await TextAsync(client, 7)).ShouldBe("one two");
    }

    [Fact]
    public async Task What_falls_into_a_hole_never_arrives_and_its_connection_is_reset_when_the_hole_ends()
    {
        using var client = await ConnectAsync(_proxy);
        await TextAsync(client, 1);
        await _proxy.SetAsync(LinkMode.Blackhole);
        await WriteAsync(client, "lost");

        await UntilLostAsync("lost".Length);
        await _proxy.SetAsync(LinkMode.Pass);

        await ShouldBeResetAsync(client);
        using var again = await ConnectAsync(_proxy);
        (await EchoAsync(again, "kept")).ShouldBe("akept");
    }

    [Fact]
    public async Task A_connection_that_lost_nothing_outlives_the_hole()
    {
        using var client = await ConnectAsync(_proxy);
        await TextAsync(client, 1);
        await _proxy.SetAsync(LinkMode.Blackhole);
        await _proxy.SetAsync(LinkMode.Pass);

        (await EchoAsync(client, "still here", letters: 0)).ShouldBe("still here");
    }

    [Fact]
    public async Task Resets_are_seen_at_once_and_new_connections_pass()
    {
        using var client = await ConnectAsync(_proxy);
        await TextAsync(client, 1);

        _proxy.ResetAll();

        await ShouldBeResetAsync(client);
        using var again = await ConnectAsync(_proxy);
        (await TextAsync(again, 1)).ShouldBe("a");
    }

    [Fact]
    public async Task Delayed_bytes_come_no_sooner_than_the_latency_of_both_ways_and_in_order()
    {
        var latency = TimeSpan.FromMilliseconds(40);
        using var client = await ConnectAsync(_proxy);
        await TextAsync(client, 1);
        await _proxy.SetAsync(LinkMode.Delay(latency, latency));
        var begin = Stopwatch.GetTimestamp();
        for (var i = 0; i < 50; i++)
        {
            await WriteAsync(client, $"{i},");
        }

        var text = await TextAsync(client, 140);

        Stopwatch.GetElapsedTime(begin).ShouldBeGreaterThan(latency * 2);
        text.ShouldBe(string.Concat(Enumerable.Range(0, 50).Select(i => $"{i},")));
    }

    [Fact]
    public async Task Throttled_bytes_need_their_time()
    {
        using var client = await ConnectAsync(_proxy);
        await TextAsync(client, 1);
        await _proxy.SetAsync(LinkMode.Throttle(bytesPerSecond: 40_000));
        var begin = Stopwatch.GetTimestamp();

        var sending = client.GetStream().WriteAsync(new byte[8_000]).AsTask();
        (await ReadAsync(client, 8_000)).Length.ShouldBe(8_000);
        await sending;

        Stopwatch.GetElapsedTime(begin).ShouldBeGreaterThan(TimeSpan.FromSeconds(0.2)); // One way at least; chunks overlap.
    }

    private async Task UntilLostAsync(long bytes)
    {
        using var limit = new CancellationTokenSource(Limit);
        while (_proxy.LostBytes < bytes)
        {
            await Task.Delay(5, limit.Token);
        }
    }

    private static async Task<TcpClient> ConnectAsync(TcpProxy proxy)
    {
        var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(proxy.EndPoint);
        return client;
    }

    private static async Task<string> EchoAsync(TcpClient client, string text, int letters = 1)
    {
        await WriteAsync(client, text);
        return await TextAsync(client, text.Length + letters);
    }

    private static ValueTask WriteAsync(TcpClient client, string text) => client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(text));

    private static async Task<string> TextAsync(TcpClient client, int length) => Encoding.ASCII.GetString(await ReadAsync(client, length));

    private static async Task<byte[]> ReadAsync(TcpClient client, int length)
    {
        using var limit = new CancellationTokenSource(Limit);
        var buffer = new byte[length];
        var read = await client.GetStream().ReadAtLeastAsync(buffer, length, throwOnEndOfStream: false, limit.Token);
        return buffer[..read];
    }

    private static async Task ShouldBeResetAsync(TcpClient client)
    {
        var error = await Should.ThrowAsync<IOException>(() => ReadAsync(client, 1));
        error.InnerException.ShouldBeOfType<SocketException>().SocketErrorCode.ShouldBe(SocketError.ConnectionReset);
    }
}
