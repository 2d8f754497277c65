namespace Telemetry.Storage.ClickHouse.Http;

/// <summary>
/// Stands between the driver and the network. It turns an answer that is an error into a <see cref="ClickHouseException"/> with the server's
/// code, and hands any other answer to the call that expects it, as it came.
/// </summary>
internal sealed class AnswerTap(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    private static readonly AsyncLocal<Answer?> Expected = new();

    /// <summary>The answer to the one request that the caller's flow sends next.</summary>
    public static Answer Expect() => Expected.Value = new Answer();

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var response = await base.SendAsync(request, cancellationToken);
        if (HttpErrors.Is(response))
        {
            using (response)
            {
                await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
                throw await HttpErrors.ReadAsync(response, body, cancellationToken);
            }
        }

        if (Expected.Value is { } answer)
        {
            answer.Response = response;
        }

        return response;
    }

    /// <summary>Filled in when the head of the answer is there.</summary>
    public sealed class Answer
    {
        private HttpResponseMessage? _response;

        public HttpResponseMessage Response
        {
            get => _response ?? throw new InvalidOperationException("The driver returned without having sent a request.");
            set => _response = value;
        }
    }
}
