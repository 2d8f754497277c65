using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Telemetry.Edge.Security.Users;

namespace Telemetry.Host.Access;

/// <summary>Says in the OpenAPI document how to prove who one is, and what each operation needs.</summary>
internal static class AccessOpenApi
{
    private const string TokenScheme = "token";
    private const string SessionScheme = "session";

    public static void Configure(OpenApiOptions options)
    {
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Components ??= new OpenApiComponents();
            document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
            {
                [TokenScheme] = new OpenApiSecurityScheme
                {
                    Type = SecuritySchemeType.Http,
                    Scheme = "bearer",
                    Description = "An API token (telemetry users token add), or a JSON Web Token where Edge:Tokens is set.",
                },
                [SessionScheme] = new OpenApiSecurityScheme
                {
                    Type = SecuritySchemeType.ApiKey,
                    In = ParameterLocation.Cookie,
                    Name = DoorSetup.SessionCookie,
                    Description = $"The session that /signin begins. What changes something needs the header {DoorSetup.AntiforgeryHeader} too, with the token of GET /api/v1/session.",
                },
            };
            document.Security =
            [
                new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(TokenScheme, document)] = [] },
                new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(SessionScheme, document)] = [] },
            ];
            return Task.CompletedTask;
        });
        options.AddOperationTransformer((operation, context, _) =>
        {
            var path = "/" + context.Description.RelativePath?.TrimStart('/');
            if (AccessTable.Find(context.Description.HttpMethod ?? "GET", path)?.Need.Role() is { } role)
            {
                operation.Description = $"{operation.Description} Needs the role {UserAccess.NameOf(role)}.".TrimStart();
                operation.Responses ??= new OpenApiResponses();
                operation.Responses.TryAdd("401", new OpenApiResponse { Description = "Nobody has proved who asks; or the token is not good." });
                operation.Responses.TryAdd("403", new OpenApiResponse { Description = "Whoever asks has not the role that this needs, or the request comes from another page." });
            }

            return Task.CompletedTask;
        });
    }
}
